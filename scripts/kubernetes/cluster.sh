#!/usr/bin/env bash
# One-node REAL Kubernetes (API server, controllers, scheduler, kubelet, containerd, kube-proxy, an OCI registry; CoreDNS and
# metrics-server where they are in BIN) for checks that need running pods. As root, in network, mount and pid namespaces of its
# own: no port, iptables rule or mount is left behind, and killing one process ends everything.
#   BIN=folder-of-kubernetes-binaries T=/tmp/kc scripts/kubernetes/cluster.sh up | down | exec COMMAND...
# Needs etcd, containerd, runc, containernetworking-plugins, iptables, conntrack, docker-registry, openssl, and a pause image pushed
# to 127.0.0.1:5000/pause:1 (rolling-update.ts makes one). One at a time on a machine: two kubelets take each other's pods away.
set -u
: "${T:=${TMPDIR:-/tmp}/kc}" "${BIN:=$PWD/bin}"; IP=10.99.0.1; P=$T/pki
export PATH=$BIN:$PATH T BIN; SELF=$(readlink -f "$0")
cert() { openssl req -newkey rsa:2048 -nodes -subj "$2" -keyout $P/$1.key -out $P/$1.csr 2>/dev/null
  openssl x509 -req -in $P/$1.csr -CA $P/ca.crt -CAkey $P/ca.key -CAcreateserial -days 30 -out $P/$1.crt \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "${3:-DNS:$1}") 2>/dev/null; }
kcfg() { cat > $T/$1.kubeconfig <<J
{"apiVersion":"v1","kind":"Config","current-context":"t","clusters":[{"name":"t","cluster":{"server":"https://$IP:6443","certificate-authority":"$P/ca.crt"}}],"users":[{"name":"u","user":{"client-certificate":"$P/$1.crt","client-key":"$P/$1.key"}}],"contexts":[{"name":"t","context":{"cluster":"t","user":"u"}}]}
J
}
run() { local n=$1; shift; "$@" > $T/log/$n.log 2>&1 & echo $! > $T/$n.pid; }
ready() { for i in $(seq 1 600); do eval "$1" >/dev/null 2>&1 && return 0; sleep 0.1; done; echo "not ready: $1" >&2; exit 1; }
inner() {
  ip link set lo up; ip link add kbr0 type bridge; ip addr add $IP/24 dev kbr0; ip link set kbr0 up; ip route add default via $IP
  sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1
  mkdir -p /run/netns /var/lib/kubelet /var/log/containers /var/log/pods /var/lib/cni
  for d in /run/netns /var/lib/kubelet /var/log/containers /var/log/pods /var/lib/cni; do mount -t tmpfs none $d; done
  mkdir -p $T/cni $T/log $P
  openssl genrsa -out $P/sa.key 2048 2>/dev/null; openssl rsa -in $P/sa.key -pubout -out $P/sa.pub 2>/dev/null
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test-ca -keyout $P/ca.key -out $P/ca.crt 2>/dev/null
  cert apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$IP,IP:10.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
  cert admin /O=system:masters/CN=admin; cert kcm /CN=system:kube-controller-manager; cert sched /CN=system:kube-scheduler
  cert node1 /O=system:nodes/CN=system:node:node1 "DNS:node1,IP:$IP"; cert front /CN=front-proxy
  for u in admin kcm sched node1; do kcfg $u; done
  cat > $T/registry.yml <<J
version: 0.1
storage: {filesystem: {rootdirectory: $T/registry}, delete: {enabled: true}}
http: {addr: "127.0.0.1:5000"}
J
  cat > $T/cni/10-br.conflist <<J
{"cniVersion":"0.4.0","name":"br","plugins":[{"type":"bridge","bridge":"cni0","isGateway":true,"hairpinMode":true,"ipam":{"type":"host-local","ranges":[[{"subnet":"10.200.0.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}],"dataDir":"$T/ipam"}},{"type":"portmap","capabilities":{"portMappings":true}}]}
J
  cat > $T/containerd.toml <<J
version = 2
root = "$T/ctd/root"
state = "$T/ctd/state"
[grpc]
  address = "$T/ctd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "127.0.0.1:5000/pause:1"
  restrict_oom_score_adj = true   # no CAP_SYS_RESOURCE on this kind of VM
  disable_apparmor = true
  enable_unprivileged_ports = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$T/cni"
J
  cat > $T/kubelet.yaml <<J
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $IP
cgroupDriver: cgroupfs
failCgroupV1: false
containerRuntimeEndpoint: unix://$T/ctd.sock
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $P/ca.crt}}
authorization: {mode: Webhook}
clusterDomain: cluster.local
clusterDNS: [$IP]
maxOpenFiles: 20000
oomScoreAdj: 0
enforceNodeAllocatable: []
failSwapOn: false
evictionHard: {memory.available: 200Mi, nodefs.available: 1%, imagefs.available: 1%}
J
  cat > $T/proxy.yaml <<J
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $T/admin.kubeconfig}
mode: iptables
clusterCIDR: 10.200.0.0/16
hostnameOverride: node1
conntrack: {maxPerCore: 0, min: 0}
bindAddress: $IP
J
  printf '.:53 {\n bind %s\n errors\n health 127.0.0.1:8180\n kubernetes cluster.local in-addr.arpa {\n  kubeconfig %s t\n  pods insecure\n }\n cache 5\n}\n' $IP $T/admin.kubeconfig > $T/Corefile
  K="kubectl --kubeconfig $T/admin.kubeconfig"
  run registry docker-registry serve $T/registry.yml
  run etcd etcd --data-dir $T/etcd --unsafe-no-fsync=true --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380
  ready "curl -sf http://127.0.0.1:2379/health"
  run apiserver kube-apiserver --etcd-servers http://127.0.0.1:2379 --bind-address 0.0.0.0 --secure-port 6443 --advertise-address $IP --tls-cert-file $P/apiserver.crt --tls-private-key-file $P/apiserver.key --client-ca-file $P/ca.crt \
    --service-account-key-file $P/sa.pub --service-account-signing-key-file $P/sa.key --service-account-issuer https://kubernetes.default.svc --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
    --service-cluster-ip-range 10.0.0.0/24 --allow-privileged=true --kubelet-client-certificate $P/admin.crt --kubelet-client-key $P/admin.key --kubelet-preferred-address-types InternalIP --cert-dir $T/certs --enable-aggregator-routing=true \
    --requestheader-client-ca-file $P/ca.crt --requestheader-allowed-names front-proxy --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group --requestheader-extra-headers-prefix X-Remote-Extra- --proxy-client-cert-file $P/front.crt --proxy-client-key-file $P/front.key
  run containerd containerd -c $T/containerd.toml
  ready "$K get --raw /readyz"
  run kcm kube-controller-manager --kubeconfig $T/kcm.kubeconfig --authentication-kubeconfig $T/kcm.kubeconfig --authorization-kubeconfig $T/kcm.kubeconfig --bind-address 127.0.0.1 --leader-elect=false --service-account-private-key-file $P/sa.key --root-ca-file $P/ca.crt --cluster-signing-cert-file $P/ca.crt --cluster-signing-key-file $P/ca.key --use-service-account-credentials --cert-dir $T/certs --horizontal-pod-autoscaler-sync-period=5s
  run sched kube-scheduler --kubeconfig $T/sched.kubeconfig --authentication-kubeconfig $T/sched.kubeconfig --authorization-kubeconfig $T/sched.kubeconfig --bind-address 127.0.0.1 --leader-elect=false --cert-dir $T/certs
  ready "test -S $T/ctd.sock"
  run kubelet kubelet --config $T/kubelet.yaml --kubeconfig $T/node1.kubeconfig --hostname-override node1 --node-ip $IP --root-dir $T/kubelet --cert-dir $T/kubelet/pki
  run proxy kube-proxy --config $T/proxy.yaml
  [ -x $BIN/coredns ] && run coredns coredns -conf $T/Corefile
  if [ -x $BIN/metrics-server ]; then
    run ms metrics-server --kubeconfig $T/admin.kubeconfig --authentication-kubeconfig $T/admin.kubeconfig --authorization-kubeconfig $T/admin.kubeconfig --bind-address $IP --secure-port 4443 --cert-dir $T/certs --kubelet-insecure-tls --kubelet-preferred-address-types InternalIP --metric-resolution 10s --kubelet-request-timeout 5s
    $K apply --server-side -f - >/dev/null <<J
{"apiVersion":"v1","kind":"List","items":[
{"apiVersion":"v1","kind":"Service","metadata":{"name":"metrics-server","namespace":"kube-system"},"spec":{"ports":[{"name":"https","port":443,"targetPort":4443}]}},
{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"metrics-server-1","namespace":"kube-system","labels":{"kubernetes.io/service-name":"metrics-server"}},"addressType":"IPv4","ports":[{"name":"https","port":4443}],"endpoints":[{"addresses":["$IP"],"conditions":{"ready":true}}]},
{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1beta1.metrics.k8s.io"},"spec":{"service":{"name":"metrics-server","namespace":"kube-system"},"group":"metrics.k8s.io","version":"v1beta1","insecureSkipTLSVerify":true,"groupPriorityMinimum":100,"versionPriority":100}}]}
J
  fi
  ready "$K get node node1 -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}' | grep -q True"
  ready "$K -n default get serviceaccount default"
  touch $T/ready; wait
}
case ${1:-} in
  inner) inner ;;
  up) mkdir -p $T/log; rm -f $T/ready; sysctl -n vm.overcommit_memory kernel.panic kernel.panic_on_oops > $T/sysctl.saved
      setsid unshare --net --mount --pid --fork --kill-child --mount-proc bash "$SELF" inner > $T/log/inner.log 2>&1 & U=$!
      for i in $(seq 1 600); do [ -e $T/ready ] && break; kill -0 $U 2>/dev/null || { cat $T/log/inner.log; exit 1; }; sleep 0.1; done
      pgrep -P $U > $T/ns.pid
      # the kubelet changes three kernel-wide sysctls; put them back
      { read a; read b; read c; } < $T/sysctl.saved; sysctl -qw vm.overcommit_memory=$a kernel.panic=$b kernel.panic_on_oops=$c
      [ -e $T/ready ] && echo "ready; KUBECONFIG=$T/admin.kubeconfig" ;;
  exec) shift; KUBECONFIG=$T/admin.kubeconfig exec nsenter -t $(cat $T/ns.pid) -n "$@" ;;
  down) kill -KILL $(cat $T/ns.pid); sleep 1
      for c in /sys/fs/cgroup/*/kubepods; do [ -d $c ] && find $c -depth -type d -exec rmdir {} \; 2>/dev/null; done; rm -rf "$T" ;;
esac
