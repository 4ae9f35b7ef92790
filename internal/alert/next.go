package alert

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
)

// Next says what to do first about an alert: what to look at, and what ends it if it is an attack. It is a sentence with
// commands in it that can be typed as they stand, whatever names somebody gave to things.
func Next(a *detect.Alert) string {
	s := singular(a.Subject)
	if s.Name == "" || s.Kind == "AuditLog" {
		return nextOfIdentity(a.Identity)
	}
	look := "kubectl get " + strings.ToLower(string(s.Kind)) + " " + shellWord(s.Name)
	if s.Namespace != "" {
		look += " -n " + shellWord(s.Namespace)
	}
	look += " -o yaml"
	if strings.Contains(a.Rule, "deleted") {
		return fmt.Sprintf("ask whoever is behind %s whether it was meant; if not, take the credentials away and restore %s from its source", who(a.Identity), s)
	}
	if end := ends[s.Kind]; end != "" {
		return look + "; if nobody ordered it: " + end
	}
	return look + "; if nobody ordered it: take the rights or credentials of " + who(a.Identity) + " away"
}

// ends are what ends an attack by a kind of object.
var ends = map[bartizan.Kind]string{
	"ClusterRoleBinding": "delete the binding, then look at what its subjects did since",
	"RoleBinding":        "delete the binding, then look at what its subjects did since",
	"ClusterRole":        "delete or restore the role, and look at who is bound to it",
	"Role":               "delete or restore the role, and look at who is bound to it",
	"Pod":                "cut the pod off with a NetworkPolicy and keep it for evidence before you delete it",
	"Secret":             "replace what the Secret holds, where it is used and where it was issued",
	"ServiceAccount":     "delete the service account and make it anew, which voids its tokens",
	"CertificateSigningRequest": "delete it and take the rights of the name in the certificate away: " +
		"a certificate that was issued is valid until it expires",
	"Node":                           "look at what runs on the node, and cordon it if it was entered",
	"Namespace":                      "restore its labels, and look at the pods made since",
	"ValidatingWebhookConfiguration": "restore it, and look at what was admitted since",
	"MutatingWebhookConfiguration":   "restore it, and look at what was admitted since",
	"DaemonSet":                      "delete it, and look at the nodes that it ran on",
	"PersistentVolume":               "delete it, and look at the pods that mount it",
}

func nextOfIdentity(identity string) string {
	if identity == "" {
		return ""
	}
	return "ask whoever is behind " + identity + "; if nobody ordered it: take the rights or credentials away, and look at what else was done with them"
}

func who(identity string) string {
	if identity == "" {
		return "who did it"
	}
	return identity
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@][A-Za-z0-9_./:@-]*$`)

// shellWord is a text as one word of a command.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
