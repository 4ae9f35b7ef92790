package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// webhook posts batches: as a document of bartizan.dev/v1 with a list of alerts, or, in the form of Falco, one alert in a
// request, as falcosidekick takes them.
type webhook struct {
	*client
	place  *place
	form   string
	secret Secret
	header string
}

func webhookKind(r *reader, n tree.Node, known fields, t *Target) func() func(*place) (courier, error) {
	var e endpoint
	w := webhook{form: "bartizan", header: "X-Bartizan-Signature"}
	r.endpointFields(known, &e)
	known["form"] = r.choice(&w.form, "bartizan", "falco")
	known["signature"] = func(n tree.Node) {
		r.object(n, fields{"secret": r.secret(&w.secret), "header": r.text(&w.header)})
		if !w.secret.set() || !token(w.header) {
			r.fault(n, "signature needs a secret, and a header that may be one")
		}
	}
	return func() func(*place) (courier, error) {
		r.endpoint(n, &e)
		if w.form == "falco" {
			t.sending.items = 1
		}
		return func(p *place) (courier, error) {
			c, err := e.client(p)
			if err != nil {
				return nil, err
			}
			own := w
			own.client, own.place = c, p
			return &own, nil
		}
	}
}

// webhookDocument is the body of a batch.
type webhookDocument struct {
	Schema   string            `json:"schema"`
	Hostname string            `json:"hostname"`
	Version  string            `json:"version"`
	Alerts   []json.RawMessage `json:"alerts"`
}

func (w *webhook) deliver(ctx context.Context, batch []alert.Shown) error {
	body, err := w.body(batch)
	if err != nil {
		return &refusal{err.Error()}
	}
	_, err = w.post(ctx, "", "application/json", body, func(h http.Header) error {
		h.Set("Idempotency-Key", batch[0].ID)
		return w.sign(h, body)
	})
	return err
}

func (w *webhook) body(batch []alert.Shown) ([]byte, error) {
	if w.form == "falco" {
		return falcoJSON(&batch[0], w.place.hostname)
	}
	d := webhookDocument{Schema: alert.Schema, Hostname: w.place.hostname, Version: w.place.version}
	for i := range batch {
		text, err := json.Marshal(&batch[i])
		if err != nil {
			return nil, err
		}
		d.Alerts = append(d.Alerts, text)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(d)
	return b.Bytes(), err
}

// sign sets the headers by which the receiver knows who sent the body, and when: the HMAC-SHA256 of the time, a dot and
// the body.
func (w *webhook) sign(h http.Header, body []byte) error {
	if !w.secret.set() {
		return nil
	}
	secret, err := w.secret.read()
	if err != nil {
		return fmt.Errorf("read signature secret: %w", err)
	}
	at := strconv.FormatInt(w.place.now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	h.Set("X-Bartizan-Timestamp", at)
	h.Set(w.header, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return nil
}

func (w *webhook) close() error { w.http.CloseIdleConnections(); return nil }

// stamp writes a time as the formats want it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
