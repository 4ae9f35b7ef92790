package cluster

import "fmt"

// layout is where everything of a cluster is: its directory, keys, ports, and the binary-independent decisions.
type layout struct {
	settings
	dir   string
	pki   *pki
	ports ports
}

// ports are the loopback ports of a cluster.
type ports struct{ api, etcd, etcdPeer, controllers int }

func (l layout) etcdURL() string {
	if l.profile == Weak {
		return fmt.Sprintf("http://127.0.0.1:%d", l.ports.etcd)
	}
	return fmt.Sprintf("https://127.0.0.1:%d", l.ports.etcd)
}

func (l layout) serverURL() string { return fmt.Sprintf("https://127.0.0.1:%d", l.ports.api) }

// file is a path inside the directory of the cluster.
func (l layout) file(name string) string { return l.dir + "/" + name }

// etcdFlags are the flags of etcd.
func (l layout) etcdFlags() []string {
	peer := fmt.Sprintf("https://127.0.0.1:%d", l.ports.etcdPeer)
	if l.profile == Weak {
		peer = fmt.Sprintf("http://127.0.0.1:%d", l.ports.etcdPeer)
	}
	flags := []string{
		"--name=test", "--data-dir=" + l.file("etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=" + l.etcdURL(), "--advertise-client-urls=" + l.etcdURL(),
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=test=" + peer,
	}
	if l.profile == Weak {
		return flags
	}
	return append(flags,
		"--cert-file="+l.pki.path("etcd-server.crt"), "--key-file="+l.pki.path("etcd-server.key"),
		"--client-cert-auth=true", "--trusted-ca-file="+l.pki.path("etcd-ca.crt"), "--auto-tls=false",
		"--peer-cert-file="+l.pki.path("etcd-peer.crt"), "--peer-key-file="+l.pki.path("etcd-peer.key"),
		"--peer-client-cert-auth=true", "--peer-trusted-ca-file="+l.pki.path("etcd-ca.crt"), "--peer-auto-tls=false",
		"--tls-min-version=TLS1.2")
}

// apiServerFlags are the flags of kube-apiserver.
func (l layout) apiServerFlags() []string {
	flags := []string{
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
		fmt.Sprintf("--secure-port=%d", l.ports.api), "--cert-dir=" + l.dir, "--allow-privileged=true",
		"--etcd-servers=" + l.etcdURL(), "--service-cluster-ip-range=10.96.0.0/16", "--event-ttl=1h",
		"--client-ca-file=" + l.pki.path("ca.crt"), "--tls-min-version=VersionTLS12",
		"--tls-cert-file=" + l.pki.path("apiserver.crt"), "--tls-private-key-file=" + l.pki.path("apiserver.key"),
		"--kubelet-client-certificate=" + l.pki.path("apiserver-kubelet-client.crt"),
		"--kubelet-client-key=" + l.pki.path("apiserver-kubelet-client.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + l.pki.path("sa.pub"),
		"--service-account-signing-key-file=" + l.pki.path("sa.key"),
		"--requestheader-client-ca-file=" + l.pki.path("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client", "--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + l.pki.path("front-proxy-client.crt"),
		"--proxy-client-key-file=" + l.pki.path("front-proxy-client.key"), "--enable-aggregator-routing=true",
	}
	if l.profile == Weak {
		flags = append(flags, "--anonymous-auth=true", "--authorization-mode=RBAC", "--profiling=true",
			"--service-account-lookup=false", "--token-auth-file="+l.file("tokens.csv"))
	} else {
		flags = append(flags, l.hardeningFlags()...)
	}
	flags = append(flags, l.admissionFlags()...)
	flags = append(flags, l.auditFlags()...)
	return append(flags, l.flags...)
}

// hardeningFlags are what the hardened profile adds, short of admission and audit.
func (l layout) hardeningFlags() []string {
	return []string{
		"--anonymous-auth=false", "--authorization-mode=Node,RBAC", "--profiling=false", "--request-timeout=300s",
		"--etcd-cafile=" + l.pki.path("etcd-ca.crt"), "--etcd-certfile=" + l.pki.path("apiserver-etcd-client.crt"),
		"--etcd-keyfile=" + l.pki.path("apiserver-etcd-client.key"),
		"--encryption-provider-config=" + l.file("encryption.yaml"),
		"--encryption-provider-config-automatic-reload=true",
		"--kubelet-certificate-authority=" + l.pki.path("ca.crt"),
		"--service-account-lookup=true", "--service-account-extend-token-expiration=false",
		"--tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256," +
			"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384," +
			"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	}
}

// admissionFlags choose the admission plugins. AlwaysPullImages, which the CIS benchmark wants too, stays off: it
// makes every pod need an image registry.
func (l layout) admissionFlags() []string {
	if l.policiesOnly {
		return []string{"--disable-admission-plugins=PodSecurity,ServiceAccount,LimitRanger,ResourceQuota,Priority," +
			"RuntimeClass,DefaultTolerationSeconds,TaintNodesByCondition,DefaultStorageClass,DefaultIngressClass," +
			"StorageObjectInUseProtection,PersistentVolumeClaimResize,PodTopologyLabels,CertificateApproval," +
			"CertificateSigning,CertificateSubjectRestriction,ClusterTrustBundleAttest"}
	}
	if l.profile == Weak {
		return []string{"--enable-admission-plugins=AlwaysAdmit",
			"--disable-admission-plugins=PodSecurity,ServiceAccount"}
	}
	return []string{"--admission-control-config-file=" + l.file("admission.yaml"),
		"--enable-admission-plugins=NodeRestriction,EventRateLimit,DenyServiceExternalIPs,PodSecurity," +
			"ServiceAccount,NamespaceLifecycle"}
}

// auditFlags turn on what was asked for of the audit log.
func (l layout) auditFlags() []string {
	var flags []string
	if l.auditLog {
		flags = append(flags, "--audit-log-path="+l.file("audit.log"), "--audit-log-maxage=30",
			"--audit-log-maxbackup=10", "--audit-log-maxsize=100")
	}
	if l.auditWebhook != "" {
		flags = append(flags, "--audit-webhook-config-file="+l.file("audit-webhook.kubeconfig"),
			"--audit-webhook-mode=batch", "--audit-webhook-batch-max-wait=1s", "--audit-webhook-initial-backoff=1s")
	}
	if len(flags) > 0 {
		flags = append(flags, "--audit-policy-file="+l.file("audit-policy.yaml"))
	}
	return flags
}

// controllerFlags are the flags of kube-controller-manager.
func (l layout) controllerFlags() []string {
	kubeconfig := l.file("controller-manager.kubeconfig")
	flags := []string{
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", l.ports.controllers), "--leader-elect=false",
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig, "--client-ca-file=" + l.pki.path("ca.crt"),
		"--requestheader-client-ca-file=" + l.pki.path("front-proxy-ca.crt"),
		"--tls-cert-file=" + l.pki.path("controller-manager.crt"),
		"--tls-private-key-file=" + l.pki.path("controller-manager.key"),
		"--root-ca-file=" + l.pki.path("ca.crt"), "--service-account-private-key-file=" + l.pki.path("sa.key"),
		"--cluster-signing-cert-file=" + l.pki.path("ca.crt"), "--cluster-signing-key-file=" + l.pki.path("ca.key"),
		"--service-cluster-ip-range=10.96.0.0/16", "--allocate-node-cidrs=true", "--cluster-cidr=10.244.0.0/16",
		"--node-cidr-mask-size=24",
	}
	if l.profile == Weak {
		return append(flags, "--profiling=true", "--use-service-account-credentials=false")
	}
	return append(flags, "--profiling=false", "--use-service-account-credentials=true",
		"--terminated-pod-gc-threshold=1000")
}
