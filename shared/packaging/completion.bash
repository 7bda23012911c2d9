# Completes the command lines of pitetherd and pitether in bash. Options and values are what the
# program itself says of them, so that this file knows of none.

# Prints the options, a line "--name VALUE" or "-x VALUE" each; VALUE is missing where none follows.
_pitether_options() {
    "$1" --help 2>/dev/null | sed -nE \
        -e 's/^  (-[[:alnum:]]), (--[[:alnum:]-]+)( ([^ ]+))?( .*)?$/\1 \4\n\2 \4/p' \
        -e 's/^      (--[[:alnum:]-]+)( ([^ ]+))?( .*)?$/\1 \3/p'
}

# Prints the words of which the value of option $2 is one: the program names them when it is given
# another. With --help it does nothing else, whatever else it is given.
_pitether_choices() {
    "$1" "$2" '?' --help 2>&1 >/dev/null | sed -nE \
        -e "s/ or a .*//" -e "s/.*'\?' is not (one of )?([a-z0-9-]+(, [a-z0-9-]+)*)$/\2/" \
        -e T -e 's/,//gp'
}

# Prints the hosts that this user has keys for.
_pitether_hosts() {
    sed -nE 's/^[[:space:]]*([^#[:space:]]+)[[:space:]].*/\1/p' \
        "${XDG_CONFIG_HOME:-$HOME/.config}/pitether/keys" 2>/dev/null
}

_pitether_words() { # words, and the beginning of what is wanted
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_pitether_files() { # compgen's action, and the beginning of what is wanted
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_pitether_value() { # program, option, what --help calls its value, and its beginning
    case $3 in
    FILE) _pitether_files -f "$4" ;;
    DIR) _pitether_files -d "$4" ;;
    HOST) _pitether_words "$(_pitether_hosts)" "$4" ;;
    SOURCE)
        _pitether_files -f "$4"
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W 'libcamera pattern' -- "$4")
        ;;
    *) _pitether_words "$(_pitether_choices "$1" "$2")" "$4" ;;
    esac
}

_pitether() {
    local program=$1 word=$2 before=$3 options option value
    COMPREPLY=()
    # "=" is a word of its own to readline: in "--save=x", and right behind it.
    if [ "$word" = = ]; then
        word=''
        before=${COMP_WORDS[COMP_CWORD - 1]}
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    options=$(_pitether_options "$program")
    while read -r option value; do
        if [ "$option" = "$before" ] && [ -n "$value" ]; then
            _pitether_value "$program" "$option" "$value" "$word"
            return
        fi
    done <<<"$options"
    case $word in
    -*) _pitether_words "$(sed -n 's/^\(--[^ ]*\).*/\1/p' <<<"$options")" "$word" ;;
    *) [ "${program##*/}" != pitether ] || _pitether_words "$(_pitether_hosts)" "$word" ;;
    esac
}

complete -F _pitether pitetherd pitether
