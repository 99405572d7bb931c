# Completion of secd for fish: put it into ~/.config/fish/completions, or where packages have theirs.

# Whether the command is this one, whatever else is on the line.
function __secd_is
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = "$argv[1]"
end

# Whether no command is there yet.
function __secd_begins
    test (count (commandline -opc)) -eq 1
end

# Whether the command has had no argument yet.
function __secd_lacks_argument
    __secd_is $argv[1]; and test (count (commandline -opc)) -eq 2
end

complete -c secd -f
complete -c secd -n __secd_begins -l help -d 'list the commands'
complete -c secd -n __secd_begins -l version -d 'show the version'
complete -c secd -n 'not __secd_begins' -l help -d 'show the help of the command'
complete -c secd -n 'not __secd_begins' -l color -x -a 'auto always never' \
    -d 'colours and columns as on a terminal'

complete -c secd -n __secd_begins -a help -d 'show the help of a command'
complete -c secd -n __secd_begins -a cache \
    -d 'show the answers of TVS that are still valid, or discard them'
complete -c secd -n __secd_begins -a check-cert \
    -d 'check whether a certificate is trusted, and by whom'
complete -c secd -n __secd_begins -a check-config \
    -d 'check the configuration, and report every fault and every warning'
complete -c secd -n __secd_begins -a connect -d 'open a TLS connection, judged first'
complete -c secd -n __secd_begins -a dhcp-servers \
    -d 'print the file servers that a DHCP answer names'
complete -c secd -n __secd_begins -a doctor \
    -d 'find what is wrong with lists and TVS, and the least drastic remedy'
complete -c secd -n __secd_begins -a erase -d 'erase trust lists; the way out of a locked store'
complete -c secd -n __secd_begins -a fetch -d 'fetch one file over TFTP or HTTP, without the daemon'
complete -c secd -n __secd_begins -a get \
    -d 'fetch a file, verify it, and put it into the ram folder'
complete -c secd -n __secd_begins -a log -d 'print the console log of the daemon'
complete -c secd -n __secd_begins -a lsc \
    -d 'show the certificates of the phone, have the LSC issued, or delete it'
complete -c secd -n __secd_begins -a probe \
    -d 'boot a phone in memory against a call manager, and report its judgement'
complete -c secd -n __secd_begins -a refresh -d 'run another boot pass and show each stage'
complete -c secd -n __secd_begins -a reload -d 'read the configuration again'
complete -c secd -n __secd_begins -a run -d 'run the agent in the foreground'
complete -c secd -n __secd_begins -a show -d 'print a trust list or signed file, field by field'
complete -c secd -n __secd_begins -a status -d 'show state, servers and counters of the daemon'
complete -c secd -n __secd_begins -a trust -d 'show what the Trust List screen shows'
complete -c secd -n __secd_begins -a verify -d 'verify a file as a phone would'
complete -c secd -n '__secd_lacks_argument help' -a cache
complete -c secd -n '__secd_lacks_argument help' -a check-cert
complete -c secd -n '__secd_lacks_argument help' -a check-config
complete -c secd -n '__secd_lacks_argument help' -a connect
complete -c secd -n '__secd_lacks_argument help' -a dhcp-servers
complete -c secd -n '__secd_lacks_argument help' -a doctor
complete -c secd -n '__secd_lacks_argument help' -a erase
complete -c secd -n '__secd_lacks_argument help' -a fetch
complete -c secd -n '__secd_lacks_argument help' -a get
complete -c secd -n '__secd_lacks_argument help' -a log
complete -c secd -n '__secd_lacks_argument help' -a lsc
complete -c secd -n '__secd_lacks_argument help' -a probe
complete -c secd -n '__secd_lacks_argument help' -a refresh
complete -c secd -n '__secd_lacks_argument help' -a reload
complete -c secd -n '__secd_lacks_argument help' -a run
complete -c secd -n '__secd_lacks_argument help' -a show
complete -c secd -n '__secd_lacks_argument help' -a status
complete -c secd -n '__secd_lacks_argument help' -a trust
complete -c secd -n '__secd_lacks_argument help' -a verify

complete -c secd -n '__secd_is cache' -l flush \
    -d 'discard them, and the TLS sessions of HTTPS servers'
complete -c secd -n '__secd_is cache' -l json -d 'print one object'
complete -c secd -n '__secd_is cache' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is check-cert' -F
complete -c secd -n '__secd_is check-cert' -l purpose -x -a 'https provisioning signalling capf' \
    -d 'what the connection is for'
complete -c secd -n '__secd_is check-cert' -l host -x -d 'the name of the server'
complete -c secd -n '__secd_is check-cert' -l json -d 'print one object'
complete -c secd -n '__secd_is check-cert' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is check-config' -l config -r -F -d 'the file, or - for standard input'
complete -c secd -n '__secd_is check-config' -l strict -d 'exit with 78 if there are warnings, too'
complete -c secd -n '__secd_is check-config' -l no-system \
    -d 'do not look at folders, files, users and groups'
complete -c secd -n '__secd_is check-config' -l user -x -a '(__fish_complete_users)' \
    -d 'the user that the agent runs as'
complete -c secd -n '__secd_is check-config' -l json -d 'print one object'

complete -c secd -n '__secd_is connect' -l purpose -x -a 'https provisioning signalling capf' \
    -d 'what the connection is for'
complete -c secd -n '__secd_is connect' -l half-close -d 'pass the end of standard input on'
complete -c secd -n '__secd_is connect' -l json -d 'print one object'
complete -c secd -n '__secd_is connect' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is dhcp-servers' -l option-150 -x \
    -d 'option 150, in hexadecimal or dotted'
complete -c secd -n '__secd_is dhcp-servers' -l option-66 -x \
    -d 'a name, an address, a list of them, or a tftp URL'
complete -c secd -n '__secd_is dhcp-servers' -l sname -x -d 'the name of the server in the header'
complete -c secd -n '__secd_is dhcp-servers' -l siaddr -x \
    -d 'the address of the next server in the header'
complete -c secd -n '__secd_is dhcp-servers' -l json -d 'print one object'

complete -c secd -n '__secd_is doctor' -l json -d 'print one object'
complete -c secd -n '__secd_is doctor' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_lacks_argument erase' -a 'all ctl itl security'
complete -c secd -n '__secd_is erase' -l pin -x \
    -d 'accept the next first list only from this signer'
complete -c secd -n '__secd_is erase' -l yes -d 'erase without asking'
complete -c secd -n '__secd_is erase' -l json -d 'print one object'
complete -c secd -n '__secd_is erase' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is fetch' -l server -x -d 'the server, with or without a port'
complete -c secd -n '__secd_is fetch' -l http -d 'fetch by HTTP instead of TFTP'
complete -c secd -n '__secd_is fetch' -l out -r -F -d 'write to this file'
complete -c secd -n '__secd_is fetch' -l max -x -d 'refuse a file of more bytes'
complete -c secd -n '__secd_is fetch' -l blksize -x -d 'bytes in a block'
complete -c secd -n '__secd_is fetch' -l window -x -d 'blocks sent for each acknowledgement'
complete -c secd -n '__secd_is fetch' -l json -d 'print one object'

complete -c secd -n '__secd_is get' -l out -r -F -d 'write the content to this file'
complete -c secd -n '__secd_is get' -l max -x -d 'refuse a file of more bytes'
complete -c secd -n '__secd_is get' -l json -d 'print one object'
complete -c secd -n '__secd_is get' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is log' -s f -l follow -d 'keep printing new lines as they are logged'
complete -c secd -n '__secd_is log' -s n -l lines -x -d 'print this many lines'
complete -c secd -n '__secd_is log' -l level -x -a 'error warning notice info debug' \
    -d 'only this level and graver'
complete -c secd -n '__secd_is log' -l console -x -a 'error warning notice info debug' \
    -d 'set what the console shows'
complete -c secd -n '__secd_is log' -l json -d 'print one object'
complete -c secd -n '__secd_is log' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_lacks_argument lsc' -a 'delete enrol show'
complete -c secd -n '__secd_is lsc' -l string \
    -d 'show CAPF the authentication string that it asks for'
complete -c secd -n '__secd_is lsc' -l yes -d 'delete without asking'
complete -c secd -n '__secd_is lsc' -l json -d 'print one object'
complete -c secd -n '__secd_is lsc' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is probe' -l server -x -d 'a TFTP server; may be repeated'
complete -c secd -n '__secd_is probe' -l device -x -d 'the name of the phone at the call manager'
complete -c secd -n '__secd_is probe' -l itl -r -F -d 'an ITL that the phone already has'
complete -c secd -n '__secd_is probe' -l ctl -r -F -d 'a CTL that the phone already has'
complete -c secd -n '__secd_is probe' -l key -r -F \
    -d 'the private key of the phone, with its certificate'
complete -c secd -n '__secd_is probe' -l tftp -d 'boot by TFTP alone'
complete -c secd -n '__secd_is probe' -l http-port -x -d 'the port for files by HTTP'
complete -c secd -n '__secd_is probe' -l https-port -x -d 'the port for the configuration by HTTPS'
complete -c secd -n '__secd_is probe' -l tvs -x -d 'a TVS member; may be repeated'
complete -c secd -n '__secd_is probe' -l https -x -d 'an HTTPS server to judge; may be repeated'
complete -c secd -n '__secd_is probe' -l format -x -a 'text json junit tap' \
    -d 'the form of the report'
complete -c secd -n '__secd_is probe' -l strict -d 'count warnings as failures'
complete -c secd -n '__secd_is probe' -l log -d 'write the console log to standard error'
complete -c secd -n '__secd_is probe' -l json -d 'the same as --format json'

complete -c secd -n '__secd_is refresh' -l json -d 'print only the outcome, as one object'
complete -c secd -n '__secd_is refresh' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is reload' -l json -d 'print one object'
complete -c secd -n '__secd_is reload' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is run' -l config -r -F -d 'the configuration'
complete -c secd -n '__secd_is run' -l once -d 'run one boot pass, print a report, and end'
complete -c secd -n '__secd_is run' -l https -x -d 'an HTTPS server to judge; may be repeated'
complete -c secd -n '__secd_is run' -l format -x -a 'text json junit tap' \
    -d 'the form of the report'
complete -c secd -n '__secd_is run' -l strict -d 'count warnings as failures'
complete -c secd -n '__secd_is run' -l log -d 'write the console log to standard error'
complete -c secd -n '__secd_is run' -l json -d 'print one object'

complete -c secd -n '__secd_is show' -F
complete -c secd -n '__secd_is show' -l installed -x -a 'ctl itl' \
    -d 'the list that the daemon has in force'
complete -c secd -n '__secd_is show' -l certs -x -a '(__fish_complete_directories)' \
    -d 'write the certificates of the records to this folder'
complete -c secd -n '__secd_is show' -l json -d 'print one object'
complete -c secd -n '__secd_is show' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is status' -l json -d 'print one object'
complete -c secd -n '__secd_is status' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is trust' -l json -d 'print one object'
complete -c secd -n '__secd_is trust' -l socket -r -F -d 'the socket of the daemon'

complete -c secd -n '__secd_is verify' -F
complete -c secd -n '__secd_is verify' -l ctl -r -F -d 'the installed CTL'
complete -c secd -n '__secd_is verify' -l itl -r -F -d 'the installed ITL'
complete -c secd -n '__secd_is verify' -l name -x -d 'the name that the phone asked for'
complete -c secd -n '__secd_is verify' -l tvs -x -d 'a TVS server to ask; may be repeated'
complete -c secd -n '__secd_is verify' -l key -r -F \
    -d 'the private key of the phone, for encrypted files'
complete -c secd -n '__secd_is verify' -l out -r -F -d 'write the payload to this file'
complete -c secd -n '__secd_is verify' -l json -d 'print one object'
