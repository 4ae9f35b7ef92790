package cluster

import (
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

//go:embed config/audit-policy.yaml
var defaultAuditPolicy []byte

//go:embed config/admission.yaml
var admissionConfig []byte

// encryptionConfig has one place, for the key. Writing uses secretbox; reading also takes what is not encrypted.
const encryptionConfig = `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets, configmaps]
    providers:
      - secretbox: {keys: [{name: k1, secret: %s}]}
      - identity: {}
`

// writeConfig writes the files that the flags name, and returns the static token of the weak profile.
func (l layout) writeConfig() (token string, err error) {
	key, err := randomText()
	if err != nil {
		return "", err
	}
	token, err = randomText()
	if err != nil {
		return "", err
	}
	err = errors.Join(
		writeFile(l.file("audit-policy.yaml"), l.auditPolicy),
		writeFile(l.file("admission.yaml"), admissionConfig),
		writeFile(l.file("encryption.yaml"), fmt.Appendf(nil, encryptionConfig, key)))
	if err != nil {
		return "", err
	}
	if l.auditWebhook != "" {
		path := l.file("audit-webhook.kubeconfig")
		server := &clientcmdapi.Cluster{Server: l.auditWebhook, CertificateAuthority: l.webhookTLS.CA}
		var user *clientcmdapi.AuthInfo
		if l.webhookTLS.Cert != "" {
			user = &clientcmdapi.AuthInfo{ClientCertificate: l.webhookTLS.Cert, ClientKey: l.webhookTLS.Key}
		}
		if err := writeKubeconfig(path, server, user); err != nil {
			return "", err
		}
	}
	if l.profile == Hardened {
		return "", nil
	}
	return token, writeFile(l.file("tokens.csv"), []byte(token+`,static-admin,1001,"system:masters"`+"\n"))
}

// randomText is 32 random bytes in base64.
func randomText() (string, error) {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("making a random key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b), nil
}

// writeKubeconfig writes a kubeconfig with one context.
func writeKubeconfig(path string, server *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = server
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test"}
	config.CurrentContext = "test"
	if user != nil {
		config.AuthInfos["user"] = user
		config.Contexts["test"].AuthInfo = "user"
	}
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("writing the kubeconfig %s: %w", path, err)
	}
	return nil
}
