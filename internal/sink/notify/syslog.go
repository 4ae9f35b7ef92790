package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// syslog writes messages of RFC 5424: datagrams to a Unix socket or by UDP, or, by TCP and TLS, counted in octets (RFC
// 6587, RFC 5425). Syslog acknowledges nothing: a message that was handed to a connection that breaks may be lost, except
// that a connection the other side has closed is noticed before the next is written.
type syslog struct {
	place    *place
	network  string
	address  string
	facility int
	app      string
	format   string
	tls      tlsFiles
	config   *tls.Config
	conn     net.Conn
}

var facilities = []string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// syslogSeverity gives syslog's severities: the lower the graver.
var syslogSeverity = [...]int{bartizan.Info: 6, bartizan.Low: 5, bartizan.Medium: 4, bartizan.High: 3, bartizan.Critical: 2}

func syslogKind(r *reader, n tree.Node, known fields, _ *Target) func() func(*place) (courier, error) {
	s := syslog{network: "unix", app: "bartizan", format: "text"}
	facility := "authpriv"
	known["network"] = r.choice(&s.network, "unix", "udp", "tcp", "tls")
	known["address"] = r.text(&s.address)
	known["facility"] = r.choice(&facility, facilities...)
	known["app"] = r.text(&s.app)
	known["form"] = r.choice(&s.format, "text", "json", "falco", "cef")
	known["tls"] = r.tls(&s.tls)
	return func() func(*place) (courier, error) {
		if s.address == "" && s.network == "unix" {
			s.address = "/dev/log"
		}
		if _, _, err := net.SplitHostPort(s.address); err != nil && s.network != "unix" {
			r.fault(n, "address is %q: write HOST:PORT", s.address)
		}
		if s.tls != (tlsFiles{}) && s.network != "tls" {
			r.fault(n, "tls is for network: tls")
		}
		for i, name := range facilities {
			if name == facility {
				s.facility = i
			}
		}
		return func(p *place) (courier, error) {
			own := s
			own.place = p
			var err error
			own.config, err = s.tls.config()
			return &own, err
		}
	}
}

func (s *syslog) deliver(ctx context.Context, batch []alert.Shown) error {
	if s.conn != nil && s.stream() && closedByPeer(s.conn) {
		s.hangUp()
	}
	if s.conn == nil {
		if err := s.dial(ctx); err != nil {
			return fmt.Errorf("connect to syslog at %s: %w", s.address, plainly(err))
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = s.conn.SetWriteDeadline(deadline) // Write tells what is wrong with the connection
	}
	var frames bytes.Buffer
	for i := range batch {
		message, err := s.message(&batch[i])
		if err != nil {
			return &refusal{err.Error()}
		}
		if s.stream() {
			frames.WriteString(strconv.Itoa(len(message)) + " ")
			frames.Write(message)
			continue
		}
		if _, err := s.conn.Write(clipped(message, 8<<10)); err != nil {
			s.hangUp()
			return fmt.Errorf("write to syslog at %s: %w", s.address, plainly(err))
		}
	}
	if frames.Len() == 0 {
		return nil
	}
	if _, err := s.conn.Write(frames.Bytes()); err != nil {
		s.hangUp()
		return fmt.Errorf("write to syslog at %s: %w", s.address, plainly(err))
	}
	return nil
}

func (s *syslog) stream() bool { return s.network == "tcp" || s.network == "tls" }

func (s *syslog) dial(ctx context.Context) (err error) {
	d := &net.Dialer{Timeout: s.place.timeout}
	switch s.network {
	case "unix":
		s.conn, err = d.DialContext(ctx, "unixgram", s.address)
	case "tls":
		s.conn, err = (&tls.Dialer{NetDialer: d, Config: s.config}).DialContext(ctx, "tcp", s.address)
	default:
		s.conn, err = d.DialContext(ctx, s.network, s.address)
	}
	return err
}

// closedByPeer says whether the other side has closed a connection. It never says anything, so that what can be read
// is the end.
func closedByPeer(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	return err != nil && !os.IsTimeout(err)
}

// hangUp ends the connection; the next message makes another.
func (s *syslog) hangUp() {
	_ = s.close() // it is given up in any case
}

func (s *syslog) close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}

// syslogID is the id of the structured data: 32473 is the enterprise number that RFC 5612 gives for examples; a private
// one would need to be registered.
const syslogID = "bartizan@32473"

// message is one message of RFC 5424.
func (s *syslog) message(x *alert.Shown) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<%d>1 %s %s %s %d %s ", s.facility*8+syslogSeverity[min(x.Severity(), bartizan.Critical)],
		x.Time().UTC().Format("2006-01-02T15:04:05.000000Z"), headerField(s.place.hostname, 255), headerField(s.app, 48), os.Getpid(), x.Kind)
	a := falcoAlert(x)
	data := []string{
		"id", x.ID, "rule", a.Rule, "severity", x.Severity().String(), "identity", x.Alert.Identity, "addresses", strings.Join(x.Alert.Addresses, ","),
		"kind", string(x.Alert.Subject.Kind), "namespace", x.Alert.Subject.Namespace, "name", x.Alert.Subject.Name,
		"techniques", strings.Join(alert.Techniques(x.Alert.Tags), ","), "incident", x.IncidentID, "auditId", auditID(x.Alert.Evidence),
	}
	b.WriteString("[" + syslogID)
	for i := 0; i < len(data); i += 2 {
		if data[i+1] != "" {
			b.WriteString(" " + data[i] + `="` + parameter(data[i+1]) + `"`)
		}
	}
	b.WriteString("] ")
	switch s.format {
	case "json":
		text, err := x.MarshalJSON()
		b.Write(text)
		return b.Bytes(), err
	case "falco":
		text, err := falcoJSON(x, s.place.hostname)
		b.Write(text)
		return b.Bytes(), err
	case "cef":
		b.WriteString(cef(x, s.place.version))
	default:
		b.WriteString("\ufeff" + sink.Printable(cmp.Or(a.Output, a.Rule)))
	}
	return b.Bytes(), nil
}

// headerField is a text as a field of the header: printable ASCII without blanks, bounded, - for none.
func headerField(s string, most int) string {
	s = strings.Map(func(c rune) rune {
		if c <= ' ' || c > '~' {
			return '_'
		}
		return c
	}, s)
	return cmp.Or(s[:min(len(s), most)], "-")
}

// parameter is a text as a value of structured data.
func parameter(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(sink.Printable(clip(s, 1024)))
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func clipped(message []byte, most int) []byte {
	if len(message) <= most {
		return message
	}
	return bytes.ToValidUTF8(message[:most], nil)
}
