// SPDX-License-Identifier: MIT
// Everything a program needs, but for codec_std.hpp (maps, sets, variants, durations as arguments).
#pragma once

#include <clusterless/array.hpp>
#include <clusterless/broadcast.hpp>
#include <clusterless/codec.hpp>
#include <clusterless/error.hpp>
#include <clusterless/file.hpp>
#include <clusterless/init.hpp>
#include <clusterless/job.hpp>
#include <clusterless/options.hpp>
#include <clusterless/outcome.hpp>
#include <clusterless/pool.hpp>
#include <clusterless/task.hpp>
