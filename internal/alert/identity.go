package alert

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/rule"
)

// accountPrefix begins the user name of a service account.
const accountPrefix = "system:serviceaccount:"

// IdentityRef is the thing that a user name of the API server stands for; the zero Ref for no name.
func IdentityRef(identity string) bartizan.Ref {
	if rest, ok := strings.CutPrefix(identity, accountPrefix); ok {
		if namespace, name, ok := strings.Cut(rest, ":"); ok {
			return rule.Account(namespace, name)
		}
	}
	if identity == "" {
		return bartizan.Ref{}
	}
	return rule.User(identity)
}

// PriorityOf is a severity in Falco's words.
func PriorityOf(s bartizan.Severity) falco.Priority {
	return [...]falco.Priority{
		bartizan.Info: falco.PriorityInformational, bartizan.Low: falco.PriorityNotice, bartizan.Medium: falco.PriorityWarning,
		bartizan.High: falco.PriorityError, bartizan.Critical: falco.PriorityCritical,
	}[min(s, bartizan.Critical)]
}

// kindOf gives the resources that a Falco rule's output names the kinds that they are.
var kindOf = map[bartizan.Kind]bartizan.Kind{
	"pods": "Pod", "deployments": "Deployment", "daemonsets": "DaemonSet", "statefulsets": "StatefulSet", "replicasets": "ReplicaSet",
	"jobs": "Job", "cronjobs": "CronJob", "services": "Service", "secrets": "Secret", "configmaps": "ConfigMap",
	"serviceaccounts": "ServiceAccount", "roles": "Role", "rolebindings": "RoleBinding", "clusterroles": "ClusterRole",
	"clusterrolebindings": "ClusterRoleBinding", "nodes": "Node", "namespaces": "Namespace",
	"certificatesigningrequests": "CertificateSigningRequest", "persistentvolumes": "PersistentVolume",
}

// singular is a Ref by its kind, where it is given by its resource.
func singular(r bartizan.Ref) bartizan.Ref {
	if kind, ok := kindOf[r.Kind]; ok {
		r.Kind = kind
	}
	return r
}
