// SPDX-License-Identifier: MIT
#include "cli/completion.hpp"

#include <algorithm>
#include <clusterless/error.hpp>

#include "cli/parse.hpp"

namespace clusterless::cli {

namespace {

/// `text` within single quotes, for bash and zsh, or for fish.
std::string in_single_quotes(const std::string& text, bool fish = false) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += fish ? "\\'" : "'\\''";
    else
      out += c;
  }
  return out + '\'';
}

bool takes_jobs(const command_words& of) {
  return !of.operands.empty() && of.operands[0] == "JOB";
}

bool takes_many_jobs(const command_words& of) {
  return of.name == "destroy";
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : between) + word;
  return text;
}

const std::string shells = "bash zsh fish";
const std::string states = "running finished failed interrupted cancelled damaged";

// --- bash -------------------------------------------------------------------------------------

std::string bash_script(const std::vector<command_words>& commands) {
  std::vector<std::string> names;
  std::vector<std::string> with_value;
  std::string cases;
  for (const command_words& each : commands) {
    names.push_back(each.name);
    std::vector<std::string> options;
    for (const option_words& option : each.options) {
      options.insert(options.end(), option.names.begin(), option.names.end());
      if (!option.value.empty())
        with_value.insert(with_value.end(), option.names.begin(), option.names.end());
    }
    cases += "    " + each.name + ") options='" + joined(options, " ") + "'";
    if (takes_jobs(each)) cases += takes_many_jobs(each) ? " jobs=99" : " jobs=1";
    cases += " ;;\n";
  }
  std::sort(with_value.begin(), with_value.end());
  with_value.erase(std::unique(with_value.begin(), with_value.end()), with_value.end());
  return R"sh(# bash completion for clusterless
_clusterless() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  local command=${COMP_WORDS[1]} options='' jobs=0 operands=0 i
  local -a store=()
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '-h --help --version )sh" +
         joined(names, " ") + R"sh(' -- "$cur")
    return
  fi
  case $prev in
    --store) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
    -o|--output) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --state) mapfile -t COMPREPLY < <(compgen -W ')sh" +
         states + R"sh(' -- "$cur"); return ;;
    )sh" +
         joined(with_value, "|") + R"sh() return ;;
  esac
  case $command in
)sh" + cases +
         R"sh(  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  for ((i = 2; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --store) store=(--store "${COMP_WORDS[i+1]}"); ((++i)) ;;
      )sh" +
         joined(with_value, "|") + R"sh() ((++i)) ;;
      -*) ;;
      *) ((++operands)) ;;
    esac
  done
  if ((operands < jobs)); then
    mapfile -t COMPREPLY < <(compgen -W "$(clusterless jobs --names "${store[@]}" 2>/dev/null)" -- "$cur")
  elif [[ $command == completion ]]; then
    mapfile -t COMPREPLY < <(compgen -W ')sh" +
         shells + R"sh(' -- "$cur")
  elif [[ $command == doctor ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -o filenames -F _clusterless clusterless
)sh";
}

// --- zsh --------------------------------------------------------------------------------------

std::string zsh_value(const option_words& option) {
  if (option.value.empty()) return {};
  if (option.value == "DIR") return ":directory:_files -/";
  if (option.value == "PATH") return ":path:_files";
  if (option.value == "STATE") return ":state:(" + states + ")";
  return ":" + option.value + ":";
}

std::string zsh_option(const option_words& option) {
  const std::string rest = '[' + option.help + ']' + zsh_value(option);
  if (option.names.size() == 1) return in_single_quotes(option.names[0] + rest);
  return "'(" + joined(option.names, " ") + ")'{" + joined(option.names, ",") + '}' +
         in_single_quotes(rest);
}

std::string zsh_operands(const command_words& of) {
  if (takes_many_jobs(of)) return " '*:job:_clusterless_jobs'";
  if (takes_jobs(of))
    return " '1:job:_clusterless_jobs'" + std::string(of.operands.size() > 1 ? " '*:item:'" : "");
  if (of.name == "completion") return " '1:shell:(" + shells + ")'";
  if (of.name == "doctor") return " '1:program:_files'";
  return {};
}

std::string zsh_script(const std::vector<command_words>& commands) {
  std::string list;
  std::string cases;
  for (const command_words& each : commands) {
    list += "    " + in_single_quotes(each.name + ':' + each.help) + '\n';
    cases += "    " + each.name + ") _arguments -s";
    for (const option_words& option : each.options)
      cases += " \\\n      " + zsh_option(option);
    cases += zsh_operands(each) + " ;;\n";
  }
  return R"sh(#compdef clusterless
_clusterless_jobs() {
  local -a names store
  local at=${words[(I)--store]}
  ((at)) && store=(--store "${(Q)words[at+1]}")
  names=(${(f)"$(clusterless jobs --names $store 2>/dev/null)"})
  compadd -a names
}
_clusterless() {
  local -a commands
  commands=(
)sh" + list +
         R"sh(  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
)sh" + cases +
         R"sh(  esac
}
if [[ $funcstack[1] == _clusterless ]]; then
  _clusterless "$@"
else
  compdef _clusterless clusterless
fi
)sh";
}

// --- fish -------------------------------------------------------------------------------------

std::string fish_option(const option_words& option, const std::string& command) {
  std::string line = "complete -c clusterless -n '__fish_seen_subcommand_from " + command + "'";
  for (const std::string& name : option.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (option.value == "DIR")
    line += " -x -a '(__fish_complete_directories)'";
  else if (option.value == "PATH")
    line += " -r -F";
  else if (option.value == "STATE")
    line += " -x -a '" + states + "'";
  else if (!option.value.empty())
    line += " -x";
  return line + " -d " + in_single_quotes(option.help, true) + '\n';
}

std::string fish_script(const std::vector<command_words>& commands) {
  std::string text = "# fish completion for clusterless\ncomplete -c clusterless -f\n";
  std::vector<std::string> with_jobs;
  for (const command_words& each : commands) {
    text += "complete -c clusterless -n __fish_use_subcommand -a " + each.name + " -d " +
            in_single_quotes(each.help, true) + '\n';
    if (takes_jobs(each)) with_jobs.push_back(each.name);
  }
  for (const command_words& each : commands)
    for (const option_words& option : each.options)
      text += fish_option(option, each.name);
  text += "complete -c clusterless -n '__fish_seen_subcommand_from " + joined(with_jobs, " ") +
          "' -a '(clusterless jobs --names 2>/dev/null)'\n";
  text +=
      "complete -c clusterless -n '__fish_seen_subcommand_from completion' -a '" + shells + "'\n";
  text += "complete -c clusterless -n '__fish_seen_subcommand_from doctor' -F\n";
  return text;
}

}  // namespace

std::string completion_script(const std::string& shell) {
  const auto commands = all_commands();
  if (shell == "bash") return bash_script(commands);
  if (shell == "zsh") return zsh_script(commands);
  if (shell == "fish") return fish_script(commands);
  throw error(error_kind::misuse, "there is no completion for the shell '" + shell +
                                      "'; there is for bash, zsh and fish");
}

}  // namespace clusterless::cli
