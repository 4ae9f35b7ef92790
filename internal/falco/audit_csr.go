package falco

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// maxCSR bounds the text of a certificate request that is read.
const maxCSR = 64 << 10

// csr is the certificate request that a CertificateSigningRequest holds; nil if there is none that can be read.
func csr(f *frame) *x509.CertificateRequest {
	text := f.text.Of(f.audit.Get(event.RequestObject).At("spec", "request"))
	if text == "" || len(text) > maxCSR {
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE REQUEST" && block.Type != "NEW CERTIFICATE REQUEST" {
		return nil
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil
	}
	return request
}

// csrName is the name that a certificate is asked for.
func csrName(f *frame, _ *argument, v *Value) bool {
	request := csr(f)
	if request == nil {
		return false
	}
	v.Text = cString(request.Subject.CommonName)
	return true
}

// csrGroups are the groups that a certificate is asked for.
func csrGroups(f *frame, _ *argument, v *Value) bool {
	request := csr(f)
	if request == nil {
		return false
	}
	for _, o := range request.Subject.Organization {
		v.List = append(v.List, cString(o))
	}
	return len(v.List) > 0
}
