#!/bin/bash
# Runs once on every node before its first item: the place to install what the program needs there.
set -e
echo "$(uname -s) node with $(nproc) processors is ready"
