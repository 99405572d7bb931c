# Usage: dot1x.sh FOLDER EXPORTED
#
# A wired 802.1X authentication by EAP-TLS in a network namespace of its own: hostapd is switch and
# authentication server, wpa_supplicant the phone, with the files that secd has exported. FOLDER has
# radius.pem, radius.key and capf.pem, which vouches for the phone. Prints what the supplicant logs.
set -eu
folder=$1 exported=$2

ip link add switch0 type veth peer name phone0
ip link set lo up
ip link set switch0 up
ip link set phone0 up

cat >"$folder/users" <<END
* TLS
END
cat >"$folder/hostapd.conf" <<END
interface=switch0
driver=wired
ieee8021x=1
eap_server=1
eap_user_file=$folder/users
ca_cert=$folder/capf.pem
server_cert=$folder/radius.pem
private_key=$folder/radius.key
use_pae_group_addr=1
END

hostapd "$folder/hostapd.conf" >"$folder/hostapd.log" 2>&1 &
switch=$!
wpa_supplicant -D wired -i phone0 -c "$exported/wpa_supplicant.conf" >"$folder/phone.log" 2>&1 &
phone=$!
trap 'kill $switch $phone 2>/dev/null || true' EXIT

for _ in $(seq 150); do
    ! grep -q 'CTRL-EVENT-EAP-SUCCESS\|CTRL-EVENT-EAP-FAILURE' "$folder/phone.log" || break
    sleep 0.1
done
cat "$folder/phone.log"
grep -q CTRL-EVENT-EAP-SUCCESS "$folder/phone.log" || { cat "$folder/hostapd.log"; exit 1; }
