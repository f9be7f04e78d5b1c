"""`reconciler completion`"""

from typing import Final

import click

from reconciler.cli.output import show

_BASH: Final = """\
# Completion of reconciler in bash 4.4 or newer: eval "$(reconciler completion bash)"
_reconciler_completion() {
    local line="${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n' char head="" type value
    local -a words
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    local number=$((${#words[@]} - 1))
    local word="${words[number]}"
    # Bash replaces only what is after the last `=` or `:`, or what begins with the last `@`.
    for char in = : @; do
        if [[ $COMP_WORDBREAKS == *"$char"* && $word == *"$char"* ]]; then
            local part="${word%"$char"*}$char"
            (( ${#part} > ${#head} )) && head="$part"
        fi
    done
    head="${head%@}"
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames 2> /dev/null ;;
            file) compopt -o default 2> /dev/null ;;
            plain) COMPREPLY+=("${value#"$head"}") ;;
        esac
    done < <(env COMP_WORDS="$line" COMP_CWORD="$number" _RECONCILER_COMPLETE=bash_complete "$1" 2> /dev/null)
}
complete -o nosort -F _reconciler_completion reconciler
"""
_ZSH: Final = """\
#compdef reconciler
# Completion of reconciler in zsh: eval "$(reconciler completion zsh)" after compinit, or save it as _reconciler in a
# folder of $fpath.
_reconciler_completion() {
    local type value text
    local -a described plain response
    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) _RECONCILER_COMPLETE=zsh_complete \\
        "${words[1]}" 2> /dev/null)}")
    # The value of `--option=value` is completed alone.
    [[ ${words[CURRENT]} == --*=* ]] && compset -P '*='
    for type value text in ${response}; do
        case $type in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            plain)
                if [[ $text == _ ]]; then
                    plain+=("${value//\\\\:/:}")
                else
                    described+=("$value:$text")
                fi ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described
    (( $#plain )) && compadd -V unsorted -a plain
    return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _reconciler_completion "$@"
else
    compdef _reconciler_completion reconciler
fi
"""
_FISH: Final = """\
# Completion of reconciler in fish: save it as ~/.config/fish/completions/reconciler.fish
function _reconciler_completion
    set -l command (commandline -opc)[1]
    set -l word (commandline -ct | string collect)
    # The value of `--option=value` is completed with the option before it.
    set -l head ""
    string match -q -- '--*=*' $word; and set head (string replace -r '=.*' '=' -- $word)
    set -l response (env COMP_WORDS=(commandline -cp | string collect) COMP_CWORD=$word \\
        _RECONCILER_COMPLETE=fish_complete $command 2> /dev/null)
    for line in $response
        set -l parts (string split -m 1 "," -- $line)
        switch $parts[1]
            case dir
                __fish_complete_directories $word
            case file
                __fish_complete_path $word
            case plain
                echo $head$parts[2]
        end
    end
end
complete --no-files --command reconciler --arguments "(_reconciler_completion)"
"""
_SCRIPTS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(_SCRIPTS)))
def command(shell: str) -> None:
    """Print the script that completes commands, options and names in a shell.

    Commands, options, addresses, environments, chatbots, releases, kinds, fields and codes are completed, from the
    files of the project and without a request. To use it:

    \b
    bash  add to ~/.bashrc:  eval "$(reconciler completion bash)"
    zsh   add to ~/.zshrc, after compinit:  eval "$(reconciler completion zsh)"
    fish  reconciler completion fish > ~/.config/fish/completions/reconciler.fish
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    show(_SCRIPTS[shell])
