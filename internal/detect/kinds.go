package detect

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// resource is what is known of a resource of the API: the group that it is in, and the kind of its objects.
type resource struct {
	group string
	kind  string
}

// knownResources are the resources that rules and alerts name. The key is the name in URLs.
var knownResources = map[string]resource{
	"bindings": {"", "Binding"}, "configmaps": {"", "ConfigMap"}, "endpoints": {"", "Endpoints"}, "events": {"", "Event"},
	"limitranges": {"", "LimitRange"}, "namespaces": {"", "Namespace"}, "nodes": {"", "Node"},
	"persistentvolumeclaims": {"", "PersistentVolumeClaim"}, "persistentvolumes": {"", "PersistentVolume"}, "pods": {"", "Pod"},
	"podtemplates": {"", "PodTemplate"}, "replicationcontrollers": {"", "ReplicationController"}, "resourcequotas": {"", "ResourceQuota"},
	"secrets": {"", "Secret"}, "serviceaccounts": {"", "ServiceAccount"}, "services": {"", "Service"},
	"users": {"", "User"}, "groups": {"", "Group"},
	"controllerrevisions": {"apps", "ControllerRevision"}, "daemonsets": {"apps", "DaemonSet"}, "deployments": {"apps", "Deployment"},
	"replicasets": {"apps", "ReplicaSet"}, "statefulsets": {"apps", "StatefulSet"},
	"cronjobs": {"batch", "CronJob"}, "jobs": {"batch", "Job"},
	"horizontalpodautoscalers": {"autoscaling", "HorizontalPodAutoscaler"}, "poddisruptionbudgets": {"policy", "PodDisruptionBudget"},
	"podsecuritypolicies": {"policy", "PodSecurityPolicy"},
	"clusterroles":        {"rbac.authorization.k8s.io", "ClusterRole"}, "clusterrolebindings": {"rbac.authorization.k8s.io", "ClusterRoleBinding"},
	"roles": {"rbac.authorization.k8s.io", "Role"}, "rolebindings": {"rbac.authorization.k8s.io", "RoleBinding"},
	"mutatingwebhookconfigurations":     {"admissionregistration.k8s.io", "MutatingWebhookConfiguration"},
	"validatingwebhookconfigurations":   {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration"},
	"validatingadmissionpolicies":       {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy"},
	"validatingadmissionpolicybindings": {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"},
	"mutatingadmissionpolicies":         {"admissionregistration.k8s.io", "MutatingAdmissionPolicy"},
	"mutatingadmissionpolicybindings":   {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"},
	"customresourcedefinitions":         {"apiextensions.k8s.io", "CustomResourceDefinition"},
	"apiservices":                       {"apiregistration.k8s.io", "APIService"},
	"certificatesigningrequests":        {"certificates.k8s.io", "CertificateSigningRequest"},
	"clustertrustbundles":               {"certificates.k8s.io", "ClusterTrustBundle"},
	"leases":                            {"coordination.k8s.io", "Lease"},
	"endpointslices":                    {"discovery.k8s.io", "EndpointSlice"},
	"ingresses":                         {"networking.k8s.io", "Ingress"}, "ingressclasses": {"networking.k8s.io", "IngressClass"},
	"networkpolicies": {"networking.k8s.io", "NetworkPolicy"}, "ipaddresses": {"networking.k8s.io", "IPAddress"},
	"runtimeclasses": {"node.k8s.io", "RuntimeClass"}, "priorityclasses": {"scheduling.k8s.io", "PriorityClass"},
	"storageclasses": {"storage.k8s.io", "StorageClass"}, "volumeattachments": {"storage.k8s.io", "VolumeAttachment"},
	"csidrivers": {"storage.k8s.io", "CSIDriver"}, "csinodes": {"storage.k8s.io", "CSINode"},
	"flowschemas":                 {"flowcontrol.apiserver.k8s.io", "FlowSchema"},
	"prioritylevelconfigurations": {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"},
	"tokenreviews":                {"authentication.k8s.io", "TokenReview"}, "selfsubjectreviews": {"authentication.k8s.io", "SelfSubjectReview"},
	"selfsubjectaccessreviews": {"authorization.k8s.io", "SelfSubjectAccessReview"}, "selfsubjectrulesreviews": {"authorization.k8s.io", "SelfSubjectRulesReview"},
	"subjectaccessreviews": {"authorization.k8s.io", "SubjectAccessReview"}, "localsubjectaccessreviews": {"authorization.k8s.io", "LocalSubjectAccessReview"},
	"adminnetworkpolicies": {"policy.networking.k8s.io", "AdminNetworkPolicy"}, "baselineadminnetworkpolicies": {"policy.networking.k8s.io", "BaselineAdminNetworkPolicy"},
	"gateways": {"gateway.networking.k8s.io", "Gateway"}, "httproutes": {"gateway.networking.k8s.io", "HTTPRoute"},
	"clusternetworkpolicies": {"policy.networking.k8s.io", "ClusterNetworkPolicy"},
	"clusterpolicies":        {"kyverno.io", "ClusterPolicy"}, "validatingpolicies": {"policies.kyverno.io", "ValidatingPolicy"},
	"constrainttemplates":   {"templates.gatekeeper.sh", "ConstraintTemplate"},
	"ciliumnetworkpolicies": {"cilium.io", "CiliumNetworkPolicy"}, "ciliumclusterwidenetworkpolicies": {"cilium.io", "CiliumClusterwideNetworkPolicy"},
	"globalnetworkpolicies": {"projectcalico.org", "GlobalNetworkPolicy"},
}

// moreGroups are the other groups of resources that are in several.
var moreGroups = map[string][]string{
	"events": {"events.k8s.io"}, "globalnetworkpolicies": {"crd.projectcalico.org"}, "networkpolicies": {"projectcalico.org", "crd.projectcalico.org"},
}

// groupsOf are the API groups that a resource is in; nil if that is not known.
func groupsOf(name string) []string {
	r, ok := knownResources[name]
	if !ok {
		return nil
	}
	return append([]string{r.group}, moreGroups[name]...)
}

// subject names an object by what the record says of it. Of a resource that is not known the kind is its name.
func subject(group, name, namespace, object string) bartizan.Ref {
	kind := bartizan.Kind(name)
	if r, ok := knownResources[name]; ok && (r.group == group || group == "" || name == "events") {
		kind = kube.KindOf(r.group, r.kind)
	} else if group != "" {
		kind = bartizan.Kind(name + "." + group)
	}
	if name == "namespaces" {
		namespace = "" // the record repeats the name there
	}
	return bartizan.Ref{Kind: kind, Namespace: strings.Clone(namespace), Name: strings.Clone(object)}
}
