package audit

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Webhook receives what API servers send (--audit-webhook-config-file) and keeps it in a Spool before it answers.
type Webhook struct {
	Spool *Spool
	// Cert and Key are files with the server's certificate; both empty serve plain HTTP.
	Cert, Key string
	// ClientCA is a file with the authorities of whoever may send; empty lets everybody send.
	ClientCA string

	counts webhookCounts
}

// WebhookCounts say what became of requests.
type WebhookCounts struct {
	Taken, Behind, Refused, Failed int64
}

type webhookCounts struct{ taken, behind, refused, failed atomic.Int64 }

// Limits on what a webhook takes.
const (
	maxBody     = 64 << 20  // one request, decompressed; the API server's batches have 10 MiB by default
	maxInFlight = 192 << 20 // all requests at a time
	maxRequests = 64
	maxConns    = 256
	retryAfter  = "2"
)

// Counts are the counts until now.
func (w *Webhook) Counts() WebhookCounts {
	return WebhookCounts{w.counts.taken.Load(), w.counts.behind.Load(), w.counts.refused.Load(), w.counts.failed.Load()}
}

// Serve answers on a listener until the context ends, and then what is under way.
func (w *Webhook) Serve(ctx context.Context, listener net.Listener) error {
	h := &receiver{Webhook: w, slots: make(chan struct{}, maxRequests)}
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	listener = &limited{Listener: listener, slots: make(chan struct{}, maxConns)}
	if w.Cert != "" {
		if _, err := w.config(nil); err != nil {
			return err
		}
		listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: w.config})
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(listener)
	if !stop() {
		<-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the audit webhook: %w", err)
}

// config reads the certificates anew for each connection, so that new ones count at once.
func (w *Webhook) config(*tls.ClientHelloInfo) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(w.Cert, w.Key)
	if err != nil {
		return nil, fmt.Errorf("read the audit webhook's certificate: %w", err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}
	if w.ClientCA == "" {
		return c, nil
	}
	text, err := os.ReadFile(w.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("read the authorities of the audit webhook's clients: %w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read the authorities of the audit webhook's clients: %s holds no certificate in PEM", w.ClientCA)
	}
	return c, nil
}

// receiver answers requests.
type receiver struct {
	*Webhook
	slots    chan struct{}
	inFlight atomic.Int64
}

// ServeHTTP takes one batch.
func (h *receiver) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	name, known := streamOf(in)
	switch {
	case in.Method != http.MethodPost:
		h.refuse(out, http.StatusMethodNotAllowed, "send audit events with POST")
		return
	case !known:
		h.refuse(out, http.StatusNotFound, "the path is / or /NAME, with the API server's name of letters, digits, . and -")
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		h.later(out)
		return
	}
	need := in.ContentLength
	if need < 0 || in.Header.Get("Content-Encoding") != "" {
		need = maxBody
	}
	if need > maxBody {
		h.refuse(out, http.StatusRequestEntityTooLarge, fmt.Sprintf("a request has at most %d bytes", maxBody))
		return
	}
	defer h.inFlight.Add(-need)
	if h.inFlight.Add(need) > maxInFlight {
		h.later(out)
		return
	}
	body, status, err := read(in)
	if err != nil {
		h.refuse(out, status, err.Error())
		return
	}
	switch err = h.Spool.Append(in.Context(), name, body); {
	case err == nil:
		h.counts.taken.Add(1)
		out.WriteHeader(http.StatusOK)
	case errors.Is(err, ErrBehind):
		h.later(out)
	default:
		h.counts.failed.Add(1)
		out.Header().Set("Retry-After", retryAfter)
		http.Error(out, "the events could not be kept: send them again", http.StatusServiceUnavailable)
	}
}

// later asks to send the same again.
func (h *receiver) later(out http.ResponseWriter) {
	h.counts.behind.Add(1)
	out.Header().Set("Retry-After", retryAfter)
	http.Error(out, "behind: send the events again later", http.StatusTooManyRequests)
}

func (h *receiver) refuse(out http.ResponseWriter, status int, reason string) {
	h.counts.refused.Add(1)
	http.Error(out, reason, status)
}

// read reads a request's body.
func read(in *http.Request) (body []byte, status int, err error) {
	text := io.Reader(in.Body)
	switch encoding := in.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(in.Body)
		if err != nil {
			return nil, http.StatusBadRequest, fmt.Errorf("decompress the events: %w", err)
		}
		text = z
	default:
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("the encoding %.32q is not understood: send plain JSON or gzip", encoding)
	}
	body, err = io.ReadAll(io.LimitReader(text, maxBody+1))
	switch {
	case err != nil:
		return nil, http.StatusBadRequest, fmt.Errorf("read the events: %w", err)
	case len(body) > maxBody:
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("a request has at most %d bytes", maxBody)
	case !strings.HasPrefix(strings.TrimLeft(string(body[:min(len(body), 64)]), " \t\r\n"), "{"):
		return nil, http.StatusBadRequest, errors.New("send an EventList of audit.k8s.io as JSON")
	}
	return body, http.StatusOK, nil
}

// streamOf names the API server that a request is from: by the path, or by the address.
func streamOf(in *http.Request) (name string, ok bool) {
	name = strings.Trim(in.URL.Path, "/")
	if name == "" {
		host, _, err := net.SplitHostPort(in.RemoteAddr)
		return strings.Map(func(r rune) rune {
			if r == '%' {
				return '-'
			}
			return r
		}, host[:min(len(host), maxName)]), err == nil
	}
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", r) {
			return "", false
		}
	}
	return name, len(name) <= maxName
}

// limited accepts only so many connections at a time.
type limited struct {
	net.Listener
	slots chan struct{}
}

// Accept waits until there is room for a connection.
func (l *limited) Accept() (net.Conn, error) {
	l.slots <- struct{}{}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &counted{Conn: conn, done: func() { <-l.slots }}, nil
}

// counted gives its room back once.
type counted struct {
	net.Conn
	closed atomic.Bool
	done   func()
}

// Close closes the connection.
func (c *counted) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		defer c.done()
	}
	return c.Conn.Close()
}
