package cluster

// Profile is a whole way of configuring a control plane.
type Profile uint8

// The two profiles.
const (
	// Hardened is configured as the CIS benchmark wants it: client certificates everywhere, an authority of its own
	// for etcd, Node and RBAC authorization, Pod Security, encrypted Secrets, an audit log, no profiling.
	Hardened Profile = iota
	// Weak is what hardening is against: etcd in clear without authentication, a static token, no audit, no
	// encryption, no Pod Security, profiling, and cluster-admin for anybody without credentials.
	Weak
)

// String is the name of the profile.
func (p Profile) String() string {
	if p == Weak {
		return "weak"
	}
	return "hardened"
}

// Option changes how a cluster is started.
type Option func(*settings)

// settings is a profile with its options.
type settings struct {
	profile      Profile
	flags        []string
	controllers  bool
	policiesOnly bool
	auditLog     bool
	auditPolicy  []byte
	auditWebhook string
	webhookTLS   TLSFiles
}

// TLSFiles are paths of PEM files: an authority to trust, and a client's certificate with its key.
type TLSFiles struct{ CA, Cert, Key string }

// newSettings applies the options to the profile.
func newSettings(profile Profile, options []Option) settings {
	s := settings{profile: profile, auditLog: profile == Hardened, auditPolicy: defaultAuditPolicy}
	for _, option := range options {
		option(&s)
	}
	return s
}

// WithFlags adds flags to those of kube-apiserver, after them.
func WithFlags(flags ...string) Option {
	return func(s *settings) { s.flags = append(s.flags, flags...) }
}

// WithControllerManager also runs kube-controller-manager: namespaces get their service accounts and are deleted in
// full, Deployments make ReplicaSets and those make Pods.
func WithControllerManager() Option { return func(s *settings) { s.controllers = true } }

// PoliciesOnly switches off every built-in admission plugin that refuses or changes workloads (Pod Security, service
// accounts, quotas, priorities and so on), so that admission policies and webhooks alone decide.
func PoliciesOnly() Option { return func(s *settings) { s.policiesOnly = true } }

// WithAuditLog writes the audit log to a file, as the hardened profile always does. See [Cluster.AuditLog].
func WithAuditLog() Option { return func(s *settings) { s.auditLog = true } }

// WithAuditPolicy replaces the audit policy, given in YAML.
func WithAuditPolicy(policy []byte) Option { return func(s *settings) { s.auditPolicy = policy } }

// WithAuditWebhook also sends audit events to the URL, in batches at most a second apart.
func WithAuditWebhook(url string) Option { return func(s *settings) { s.auditWebhook = url } }

// WithAuditWebhookTLS is WithAuditWebhook for a receiver with a certificate of its own, which asks for one.
func WithAuditWebhookTLS(url string, files TLSFiles) Option {
	return func(s *settings) { s.auditWebhook, s.webhookTLS = url, files }
}
