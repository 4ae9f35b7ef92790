package hunt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// What one answer may cost, whatever the server sends.
const (
	maxHeaderBytes = 64 << 10
	maxBodyBytes   = 1 << 20
	userAgent      = "bartizan-hunt" // so that a defender can tell a hunt from an attack
)

// Dialer opens connections; *net.Dialer is one.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// endpoint is one port of one address, and how to speak to it.
type endpoint struct {
	target  Target
	address string // "192.0.2.7:10250", "[fe80::1%eth0]:10250"
	tls     *tls.Config
	client  *http.Client
	timeout time.Duration
	sent    *atomic.Int64
	header  http.Header            // sent with every request
	signer  atomic.Pointer[string] // of the certificate that was shown last
}

// newEndpoint makes a client that can reach this endpoint and no other: it dials one address whatever a URL says,
// follows no redirect, asks for no compression and keeps no cookies.
func newEndpoint(t Target, dial Dialer, timeout time.Duration) *endpoint {
	e := &endpoint{target: t, timeout: timeout, header: http.Header{}, sent: new(atomic.Int64)}
	e.address = addressOf(t)
	e.client = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dial.DialContext(ctx, "tcp", e.address)
			},
			DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return e.dialTLS(ctx, dial)
			},
			TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1 alone
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaderBytes,
			ResponseHeaderTimeout:  timeout,
			MaxConnsPerHost:        2,
		},
	}
	return e
}

// addressOf is a target's address as a dialer takes it.
func addressOf(t Target) string { return net.JoinHostPort(t.Addr.String(), fmt.Sprint(t.Port)) }

func (e *endpoint) dialTLS(ctx context.Context, dial Dialer) (net.Conn, error) {
	raw, err := dial.DialContext(ctx, "tcp", e.address)
	if err != nil {
		return nil, err
	}
	c := tls.Client(raw, e.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	if leaf := c.ConnectionState().PeerCertificates; len(leaf) > 0 {
		signed := signedBy(leaf[0])
		e.signer.Store(&signed)
	}
	return c, nil
}

func (e *endpoint) close() { e.client.CloseIdleConnections() }

// scheme is "https" or "http".
func (e *endpoint) scheme() string {
	if e.tls != nil {
		return "https"
	}
	return "http"
}

// knock opens the port and finds out whether it speaks TLS. A nil certificate means that it does not.
func (e *endpoint) knock(ctx context.Context, dial Dialer, plainFirst bool) (*certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	raw, err := dial.DialContext(ctx, "tcp", e.address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = raw.Close() }()
	if plainFirst {
		return nil, nil
	}
	// The certificate is looked at, not trusted: nothing secret is sent over this connection.
	config := &tls.Config{InsecureSkipVerify: true, ServerName: e.target.Name, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS10}
	c := tls.Client(raw, config)
	err = c.HandshakeContext(ctx)
	state := c.ConnectionState()
	var notTLS tls.RecordHeaderError
	switch {
	case err == nil, len(state.PeerCertificates) > 0:
		e.tls = config
		return newCertificate(state), nil
	case wantsCertificate(err):
		e.tls = config
		return &certificate{}, nil
	case errors.As(err, &notTLS), !silent(err) && e.speaksPlain(ctx):
		return nil, nil
	}
	return nil, &openedError{fmt.Errorf("TLS handshake: %w", err)}
}

// openedError is a failure after the port was open: something is there, and it does not answer as it should.
type openedError struct{ error }

// Unwrap is the failure.
func (e *openedError) Unwrap() error { return e.error }

func opened(err error) bool {
	var after *openedError
	return errors.As(err, &after)
}

// speaksPlain says whether a server that hung up on TLS answers without. One that speaks TLS tells so with a 400.
func (e *endpoint) speaksPlain(ctx context.Context) bool {
	w, err := e.send(ctx, ask{key: askRoot, method: "GET", path: "/"})
	return err == nil && w.Status != 0 && w.Status != http.StatusBadRequest
}

// wantsCertificate says whether a server ended a connection because the client showed no certificate.
func wantsCertificate(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "tls: certificate required") || strings.Contains(text, "tls: bad certificate") ||
		strings.Contains(text, "tls: handshake failure") || strings.Contains(text, "tls: unknown certificate")
}

// send asks one question. An error means that there is no answer; a server that hung up for want of a certificate
// has answered.
func (e *endpoint) send(ctx context.Context, a ask) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*e.timeout)
	defer cancel()
	path := strings.Replace(a.path, reviewPath, e.target.Path, 1)
	host := e.target.Name
	if host == "" {
		host = e.target.Addr.WithZone("").String()
	}
	var body io.Reader
	if a.body != "" {
		body = strings.NewReader(a.body)
	}
	req, err := http.NewRequestWithContext(ctx, a.method, e.scheme()+"://"+net.JoinHostPort(host, fmt.Sprint(e.target.Port))+path, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.key, err)
	}
	req.Header = e.header.Clone()
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "application/json, text/plain;q=0.9, */*;q=0.1")
	if a.body != "" {
		req.Header.Set("Content-Type", contentType(a.method))
	}
	e.sent.Add(1)
	resp, err := e.client.Do(req)
	if wantsCertificate(err) {
		return &Answer{Refused: "certificate required", Proof: a.key + ": certificate required"}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.key, unwrapped(err))
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes+1))
	if err != nil && len(data) == 0 {
		return nil, fmt.Errorf("%s: read the answer: %w", a.key, unwrapped(err))
	}
	return newAnswer(a, resp, data, err != nil || len(data) > maxBodyBytes), nil
}

func contentType(method string) string {
	if method == http.MethodPatch {
		return "application/merge-patch+json"
	}
	return "application/json"
}

// unwrapped takes off net/http's own words, which name the URL that the message names already.
func unwrapped(err error) error {
	var inner interface{ Unwrap() error }
	if errors.As(err, &inner) && strings.Contains(err.Error(), "\": ") {
		return inner.Unwrap()
	}
	return err
}

// silent says whether an error of opening a port means that nothing came back, and closed that the port is shut.
func silent(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTDOWN)
}

func closed(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
