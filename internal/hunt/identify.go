package hunt

import "context"

// identify says what tells a server from those of other clusters: who signed its certificate, or, where it speaks in
// clear, what its cluster is called. It is empty where that cannot be had.
func identify(ctx context.Context, e *endpoint, kind string) string {
	switch {
	case e.tls != nil:
		if e.signer.Load() == nil {
			_, _ = e.send(ctx, request("GET", "/version", "")) // the certificate comes with any answer
		}
		if signed := e.signer.Load(); signed != nil {
			return *signed
		}
	case kind == Etcd:
		if w, err := e.send(ctx, request("POST", "/v3/maintenance/status", "{}")); err == nil {
			return prefixed("etcd cluster ", textAt(w.Body, "header", "cluster_id"))
		}
	default:
		if w, err := e.send(ctx, request("GET", "/api/v1/namespaces/kube-system", "")); err == nil {
			return prefixed("cluster of kube-system ", textAt(w.Body, "metadata", "uid"))
		}
	}
	return ""
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + plainText(text, 60)
}

// textAt is the text at a path of a JSON value.
func textAt(value any, path ...string) string {
	for _, key := range path {
		m, _ := value.(map[string]any)
		value = m[key]
	}
	s, _ := value.(string)
	return s
}
