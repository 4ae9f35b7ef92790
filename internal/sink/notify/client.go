package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// endpoint is what an HTTP output says of where it sends, and as whom.
type endpoint struct {
	url     Secret
	headers []header
	tls     tlsFiles
	plain   bool // plain HTTP is wanted
}

type header struct {
	name  string
	value Secret
}

// tlsFiles are the files of a TLS client.
type tlsFiles struct{ ca, cert, key, server string }

// endpointFields are the keys of an endpoint.
func (r *reader) endpointFields(known fields, e *endpoint) {
	known["url"] = r.secret(&e.url)
	known["headers"] = func(n tree.Node) {
		for c := range n.Items() {
			h := header{name: http.CanonicalHeaderKey(c.Key())}
			r.secret(&h.value)(c)
			if !token(c.Key()) || slices.Contains([]string{"Host", "Content-Length", "Transfer-Encoding", "Connection"}, h.name) {
				r.fault(c, "%q cannot be set as a header", c.Key())
			}
			e.headers = append(e.headers, h)
		}
		if n.Kind() != tree.Map {
			r.fault(n, "headers must be a map from a header's name to its value")
		}
	}
	known["tls"] = r.tls(&e.tls)
	known["plain"] = r.flag(&e.plain)
}

func (r *reader) tls(t *tlsFiles) func(tree.Node) {
	return func(n tree.Node) {
		r.object(n, fields{"ca": r.text(&t.ca), "cert": r.text(&t.cert), "key": r.text(&t.key), "server": r.text(&t.server)})
		if (t.cert == "") != (t.key == "") {
			r.fault(n, "cert and key belong together: name both files")
		}
	}
}

// endpoint says what an endpoint lacks.
func (r *reader) endpoint(n tree.Node, e *endpoint) {
	if !e.url.set() {
		r.fault(n, "url is missing: write url: {file: PATH}, url: {env: NAME} or url: https://...")
	}
	if e.url.value != "" {
		if _, err := parseURL(e.url.value, e.plain); err != nil {
			at := n.Get("url")
			if !at.Exists() {
				at = n // it is the URL itself
			}
			r.fault(at, "%s", err)
		}
	}
}

// token says whether a text may be the name of a header.
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
}

// config is the TLS configuration of the files.
func (t *tlsFiles) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.server}
	if t.ca != "" {
		pem, err := readBounded(t.ca, 4<<20)
		if err != nil {
			return nil, fmt.Errorf("read CA certificates: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(pem)) {
			return nil, fmt.Errorf("read CA certificates: there is none in %s", t.ca)
		}
	}
	if t.cert != "" {
		if _, err := tls.LoadX509KeyPair(t.cert, t.key); err != nil {
			return nil, fmt.Errorf("read client certificate %s: %w", t.cert, err)
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(t.cert, t.key) // it may have been renewed
			return &pair, err
		}
	}
	return c, nil
}

// client sends to one endpoint.
type client struct {
	endpoint
	http *http.Client
}

func (e endpoint) client(p *place) (*client, error) {
	c, err := e.tls.config()
	if err != nil {
		return nil, err
	}
	if _, err := e.target(); err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: p.timeout, Control: refuseLinkLocal}
	return &client{e, &http.Client{
		Timeout: p.timeout,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSClientConfig: c, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: p.timeout, ResponseHeaderTimeout: p.timeout, MaxResponseHeaderBytes: 64 << 10, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 2,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// refuseLinkLocal keeps outputs from the addresses at which clouds hand out credentials.
func refuseLinkLocal(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("the address is none")
	}
	if ip := at.Addr().Unmap(); ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
		return errors.New("the name stands for a link-local, multicast or unspecified address, to which nothing is sent")
	}
	return nil
}

// parseURL reads a URL. Its errors never show it.
func parseURL(text string, plain bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errors.New("url is not a URL such as https://alerts.example.org/hook")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("url must begin with https://")
	case u.Scheme == "http" && !plain && !loopback(u.Hostname()):
		return nil, errors.New("url begins with http://, so that everybody on the way reads along: use https://, or say plain: true")
	}
	return u, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// target is the URL to send to, as it is now.
func (e *endpoint) target() (*url.URL, error) {
	text, err := e.url.read()
	if err != nil {
		return nil, fmt.Errorf("read url: %w", err)
	}
	return parseURL(text, e.plain)
}

// post sends a body. extra may set headers that depend on the body.
func (c *client) post(ctx context.Context, path, contentType string, body []byte, extra func(http.Header) error) ([]byte, error) {
	u, err := c.target()
	if err != nil {
		return nil, err
	}
	if path != "" {
		u = u.JoinPath(path)
	}
	where := u.Scheme + "://" + u.Host // a token may stand in the path or before the host
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("post to %s: the request cannot be made", where)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "bartizan")
	hidden := []string{u.String(), u.RequestURI(), u.Path}
	for _, h := range c.headers {
		v, err := h.value.read()
		if err != nil {
			return nil, fmt.Errorf("read header %s: %w", h.name, err)
		}
		req.Header.Set(h.name, v)
		hidden = append(hidden, v)
	}
	if extra != nil {
		if err := extra(req.Header); err != nil {
			return nil, err
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("post to %s: %w", where, bare(err))
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // an answer that breaks off is judged by its status
	return answer, judge(resp, where, answer, hidden)
}

// bare is an error of net/http without the URL, which may hold a token.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return errors.New("no answer in time")
		}
		err = u.Err
	}
	return plainly(err)
}

// plainly is an error of net without the ports of this side, which differ each time.
func plainly(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}

// judge says what an answer means.
func judge(resp *http.Response, where string, answer []byte, hidden []string) error {
	code := resp.StatusCode
	said := fmt.Sprintf("%s answered %d %s%s", where, code, http.StatusText(code), excerpt(answer, hidden))
	switch {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return fmt.Errorf("%s answered %d, a redirect, which is not followed: write the address that it leads to", where, code)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return &later{said, retryAfter(resp.Header.Get("Retry-After"))}
	case slices.Contains([]int{401, 403, 404, 405, 407, 410, 421}, code):
		return errors.New(said) // not these alerts are at fault, but the address or the credentials
	}
	return &refusal{said}
}

// retryAfter reads a number of seconds; a date is not worth a guess at the other side's clock.
func retryAfter(text string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 || n > 86400 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// excerpt is the beginning of an answer, without the secrets that it may repeat.
func excerpt(answer []byte, hidden []string) string {
	text := strings.Join(strings.Fields(string(answer)), " ")
	for _, h := range hidden {
		if len(h) > 3 {
			text = strings.ReplaceAll(text, h, "(hidden)")
		}
	}
	text = sink.Printable(text)
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "…"
	}
	if text != "" {
		return ": " + text
	}
	return ""
}
