package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"

	"github.com/bartizan-dev/bartizan/rule"
)

// resource is how the API serves a kind.
type resource struct{ group, version, name string }

// workloads are the built-in kinds that hold pods, with the parts of them that change a pod.
var workloads = []resource{
	{"", "v1", "pods"}, {"", "v1", "pods/ephemeralcontainers"}, {"", "v1", "podtemplates"},
	{"", "v1", "replicationcontrollers"},
	{"apps", "v1", "replicasets"}, {"apps", "v1", "deployments"}, {"apps", "v1", "daemonsets"}, {"apps", "v1", "statefulsets"},
	{"batch", "v1", "jobs"}, {"batch", "v1", "cronjobs"},
}

// builtin are the built-in kinds that can be judged by themselves.
var builtin = map[string]resource{
	"Pod": {"", "v1", "pods"}, "PodTemplate": {"", "v1", "podtemplates"},
	"ReplicationController": {"", "v1", "replicationcontrollers"},
	"Service":               {"", "v1", "services"}, "Endpoints": {"", "v1", "endpoints"},
	"ConfigMap": {"", "v1", "configmaps"}, "Secret": {"", "v1", "secrets"},
	"Namespace": {"", "v1", "namespaces"}, "Node": {"", "v1", "nodes"},
	"ServiceAccount": {"", "v1", "serviceaccounts"}, "LimitRange": {"", "v1", "limitranges"},
	"ResourceQuota": {"", "v1", "resourcequotas"}, "PersistentVolume": {"", "v1", "persistentvolumes"},
	"PersistentVolumeClaim": {"", "v1", "persistentvolumeclaims"},
	"ReplicaSet":            {"apps", "v1", "replicasets"}, "Deployment": {"apps", "v1", "deployments"},
	"DaemonSet": {"apps", "v1", "daemonsets"}, "StatefulSet": {"apps", "v1", "statefulsets"},
	"ControllerRevision": {"apps", "v1", "controllerrevisions"},
	"Job":                {"batch", "v1", "jobs"}, "CronJob": {"batch", "v1", "cronjobs"},
	"HorizontalPodAutoscaler": {"autoscaling", "v2", "horizontalpodautoscalers"},
	"PodDisruptionBudget":     {"policy", "v1", "poddisruptionbudgets"},
	"Role":                    {"rbac.authorization.k8s.io", "v1", "roles"}, "ClusterRole": {"rbac.authorization.k8s.io", "v1", "clusterroles"},
	"RoleBinding":        {"rbac.authorization.k8s.io", "v1", "rolebindings"},
	"ClusterRoleBinding": {"rbac.authorization.k8s.io", "v1", "clusterrolebindings"},
	"Ingress":            {"networking.k8s.io", "v1", "ingresses"}, "IngressClass": {"networking.k8s.io", "v1", "ingressclasses"},
	"NetworkPolicy": {"networking.k8s.io", "v1", "networkpolicies"}, "IPAddress": {"networking.k8s.io", "v1", "ipaddresses"},
	"ServiceCIDR":   {"networking.k8s.io", "v1", "servicecidrs"},
	"EndpointSlice": {"discovery.k8s.io", "v1", "endpointslices"},
	"StorageClass":  {"storage.k8s.io", "v1", "storageclasses"}, "CSIDriver": {"storage.k8s.io", "v1", "csidrivers"},
	"CSINode": {"storage.k8s.io", "v1", "csinodes"}, "VolumeAttachment": {"storage.k8s.io", "v1", "volumeattachments"},
	"CustomResourceDefinition":   {"apiextensions.k8s.io", "v1", "customresourcedefinitions"},
	"APIService":                 {"apiregistration.k8s.io", "v1", "apiservices"},
	"CertificateSigningRequest":  {"certificates.k8s.io", "v1", "certificatesigningrequests"},
	"PriorityClass":              {"scheduling.k8s.io", "v1", "priorityclasses"},
	"FlowSchema":                 {"flowcontrol.apiserver.k8s.io", "v1", "flowschemas"},
	"PriorityLevelConfiguration": {"flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations"},
	"RuntimeClass":               {"node.k8s.io", "v1", "runtimeclasses"}, "Lease": {"coordination.k8s.io", "v1", "leases"},
}

// exempt are the kinds that the API server shows to no admission policy, so that nobody is locked out.
var exempt = []string{
	"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy",
	"MutatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
}

// fileGroups are the groups of kinds that are only files: no API server serves them.
var fileGroups = []string{"audit.k8s.io", "kubeadm.k8s.io"}

// locate says how the API serves a kind, or why no policy can judge it.
func locate(kind string) (resource, error) {
	if r, ok := builtin[kind]; ok {
		return r, nil
	}
	name, group, custom := strings.Cut(kind, ".")
	switch {
	case slices.Contains(exempt, kind):
		return resource{}, fmt.Errorf("the API server shows %s objects to no admission policy, so that nobody is locked out", kind)
	case kind == "Config":
		return resource{}, errors.New("a kubeconfig is a file, which no API server sees")
	case !custom:
		return resource{}, fmt.Errorf("%s is not a kind that the API serves", kind)
	case slices.Contains(fileGroups, group), strings.HasSuffix(group, ".config.k8s.io"):
		return resource{}, fmt.Errorf("%s is a configuration file, which no API server sees", name)
	}
	return resource{group, "*", plural(strings.ToLower(name))}, nil
}

// plural makes the name of a resource as the generators of custom resource definitions do.
func plural(s string) string {
	switch {
	case strings.HasSuffix(s, "s"), strings.HasSuffix(s, "x"), strings.HasSuffix(s, "ch"), strings.HasSuffix(s, "sh"):
		return s + "es"
	case len(s) > 1 && strings.HasSuffix(s, "y") && !strings.ContainsRune("aeiou", rune(s[len(s)-2])):
		return s[:len(s)-1] + "ies"
	}
	return s + "s"
}

// matched says what the rule's policy judges. A kind that no policy can judge is left out with a note; if none
// is left, that is an error.
func (s *source) matched() (all []resource, notes []string, err error) {
	for _, on := range s.rule.On {
		switch on {
		case rule.Workload:
			all = append(all, workloads...)
			continue
		case rule.AnyKind:
			all = append(all, resource{"*", "*", "*"})
			continue
		}
		r, why := locate(on)
		if why != nil {
			err = why
			notes = append(notes, why.Error())
			continue
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, nil, err
	}
	return all, notes, nil
}

// onPods says whether the rule judges pods and pod templates, and nothing else.
func (s *source) onPods() bool { return slices.Equal(s.rule.On, []string{rule.Workload}) }

// rulesFor groups resources by API group and version, in their order.
func rulesFor(all []resource, operations ...admission.OperationType) []admission.NamedRuleWithOperations {
	var out []admission.NamedRuleWithOperations
	place := map[[2]string]int{}
	for _, r := range all {
		key := [2]string{r.group, r.version}
		i, ok := place[key]
		if !ok {
			i = len(out)
			place[key] = i
			var n admission.NamedRuleWithOperations
			n.APIGroups, n.APIVersions, n.Operations = []string{r.group}, []string{r.version}, operations
			out = append(out, n)
		}
		if !slices.Contains(out[i].Resources, r.name) {
			out[i].Resources = append(out[i].Resources, r.name)
		}
	}
	return out
}
