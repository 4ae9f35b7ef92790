package hunt

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"
)

// certificate is what a server's certificate tells everybody; none of it was verified.
type certificate struct {
	Version  string   `json:"version,omitempty"` // of TLS
	Subject  string   `json:"subject,omitempty"`
	Issuer   string   `json:"issuer,omitempty"`
	Names    []string `json:"names"` // DNS names and addresses
	Emails   []string `json:"emails"`
	NotAfter string   `json:"notAfter,omitempty"`
	Expired  bool     `json:"expired"`

	notAfter time.Time
}

const maxNames = 100

func newCertificate(state tls.ConnectionState) *certificate {
	c := &certificate{Version: tls.VersionName(state.Version), Names: []string{}, Emails: []string{}}
	if len(state.PeerCertificates) == 0 {
		return c
	}
	leaf := state.PeerCertificates[0]
	c.Subject, c.Issuer = plainText(leaf.Subject.String(), 200), plainText(leaf.Issuer.String(), 200)
	c.notAfter, c.NotAfter = leaf.NotAfter, leaf.NotAfter.UTC().Format(time.RFC3339)
	c.Names, c.Emails = namesIn(leaf), emailsIn(leaf)
	return c
}

func namesIn(leaf *x509.Certificate) []string {
	names := []string{}
	for _, n := range leaf.DNSNames {
		names = append(names, plainText(n, 253))
	}
	for _, a := range leaf.IPAddresses {
		names = append(names, a.String())
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), maxNames)]
}

func emailsIn(leaf *x509.Certificate) []string {
	emails := []string{}
	for _, e := range leaf.EmailAddresses {
		emails = append(emails, plainText(e, 253))
	}
	for _, text := range []string{leaf.Subject.CommonName, leaf.Issuer.CommonName} {
		if at := strings.Index(text, "@"); at > 0 && strings.Contains(text[at:], ".") {
			emails = append(emails, plainText(text, 253))
		}
	}
	slices.Sort(emails)
	return slices.Compact(emails)
}

// named says whether the certificate is for a name; a nil one is for none.
func (c *certificate) named(name string) bool { return c != nil && slices.Contains(c.Names, name) }

// signedBy tells a certificate's authority from others, which outlives the certificate; or its own key, where the
// certificate does not name its authority's.
func signedBy(leaf *x509.Certificate) string {
	if len(leaf.AuthorityKeyId) > 0 {
		return fmt.Sprintf("authority %x", leaf.AuthorityKeyId)
	}
	return fmt.Sprintf("key %x", sha256.Sum256(leaf.RawSubjectPublicKeyInfo))
}
