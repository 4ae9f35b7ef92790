package api

// version is one served version of some kinds that a release deprecated.
type version struct {
	api        string // "policy/v1beta1"
	kinds      string // separated by spaces
	deprecated int    // the minor release from which its use is warned of
	removed    int    // the minor release from which it is not served; 0: none is set
	use        string // what replaces it: an apiVersion, or a sentence; "" for nothing
	since      int    // the minor release that first serves the replacement; 0: before deprecated
	keeps      keeps  // which objects are the same in the replacement
}

// keeps says which objects mean the same under the replacement's apiVersion, so that a change of it is safe.
type keeps uint8

const (
	changes keeps = iota // none for sure: fields were renamed or defaults changed
	same                 // all
	unless               // those that the function differs passes
	roughly              // workloads with a selector: defaults differ
)

// versions are the API versions that a release since 1.8 deprecated or removed.
var versions = []version{
	{"apps/v1beta1", "Deployment StatefulSet", 8, 16, "apps/v1", 9, roughly},
	{"apps/v1beta1", "ControllerRevision", 8, 16, "apps/v1", 9, same},
	{"apps/v1beta2", "Deployment StatefulSet DaemonSet ReplicaSet", 9, 16, "apps/v1", 0, roughly},
	{"apps/v1beta2", "ControllerRevision", 9, 16, "apps/v1", 0, same},
	{"extensions/v1beta1", "Deployment DaemonSet ReplicaSet", 8, 16, "apps/v1", 9, roughly},
	{"extensions/v1beta1", "NetworkPolicy", 9, 16, "networking.k8s.io/v1", 0, same},
	{"extensions/v1beta1", "Ingress", 14, 22, "networking.k8s.io/v1", 19, changes},
	{"extensions/v1beta1", "ThirdPartyResource", 7, 8, "apiextensions.k8s.io/v1, kind CustomResourceDefinition", 16, changes},
	{"networking.k8s.io/v1beta1", "Ingress", 19, 22, "networking.k8s.io/v1", 0, changes},
	{"networking.k8s.io/v1beta1", "IngressClass", 19, 22, "networking.k8s.io/v1", 0, same},
	{"networking.k8s.io/v1beta1", "IPAddress ServiceCIDR", 34, 37, "networking.k8s.io/v1", 0, same},
	{"networking.k8s.io/v1alpha1", "IPAddress ServiceCIDR", 30, 33, "networking.k8s.io/v1", 33, changes},
	{"networking.k8s.io/v1alpha1", "ClusterCIDR", 28, 29, "", 0, changes},
	{"batch/v2alpha1", "ScheduledJob", 5, 8, "batch/v1, kind CronJob", 21, changes},
	{"batch/v2alpha1", "CronJob", 8, 21, "batch/v1", 21, same},
	{"batch/v1beta1", "CronJob", 21, 25, "batch/v1", 0, same},
	{"policy/v1beta1", "PodDisruptionBudget", 21, 25, "policy/v1", 0, unless},
	{"rbac.authorization.k8s.io/v1alpha1", "Role ClusterRole RoleBinding ClusterRoleBinding", 17, 23, "rbac.authorization.k8s.io/v1", 0, changes},
	{"rbac.authorization.k8s.io/v1beta1", "Role ClusterRole RoleBinding ClusterRoleBinding", 17, 22, "rbac.authorization.k8s.io/v1", 0, same},
	{"apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", 16, 22, "apiextensions.k8s.io/v1", 0, changes},
	{"apiregistration.k8s.io/v1beta1", "APIService", 19, 22, "apiregistration.k8s.io/v1", 0, same},
	{"admissionregistration.k8s.io/v1alpha1", "ExternalAdmissionHookConfiguration", 8, 9, "admissionregistration.k8s.io/v1, kind ValidatingWebhookConfiguration", 16, changes},
	{"admissionregistration.k8s.io/v1alpha1", "InitializerConfiguration", 13, 14, "admissionregistration.k8s.io/v1, kind MutatingWebhookConfiguration", 16, changes},
	{"admissionregistration.k8s.io/v1alpha1", "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding", 29, 32, "admissionregistration.k8s.io/v1", 30, changes},
	{"admissionregistration.k8s.io/v1alpha1", "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding", 35, 38, "admissionregistration.k8s.io/v1", 36, changes},
	{"admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration MutatingWebhookConfiguration", 16, 22, "admissionregistration.k8s.io/v1", 0, changes},
	{"admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding", 31, 34, "admissionregistration.k8s.io/v1", 0, same},
	{"admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding", 37, 40, "admissionregistration.k8s.io/v1", 0, same},
	{"auditregistration.k8s.io/v1alpha1", "AuditSink", 18, 19, "the API server's --audit-webhook-config-file", 0, changes},
	{"authentication.k8s.io/v1beta1", "TokenReview", 19, 22, "authentication.k8s.io/v1", 0, changes},
	{"authentication.k8s.io/v1beta1", "SelfSubjectReview", 30, 33, "authentication.k8s.io/v1", 0, same},
	{"authentication.k8s.io/v1alpha1", "SelfSubjectReview", 29, 32, "authentication.k8s.io/v1", 0, same},
	{"authorization.k8s.io/v1beta1", "LocalSubjectAccessReview SelfSubjectAccessReview SubjectAccessReview SelfSubjectRulesReview", 19, 22, "authorization.k8s.io/v1", 0, changes},
	{"autoscaling/v2beta1", "HorizontalPodAutoscaler", 22, 25, "autoscaling/v2", 23, unless},
	{"autoscaling/v2beta2", "HorizontalPodAutoscaler", 23, 26, "autoscaling/v2", 0, same},
	{"certificates.k8s.io/v1beta1", "CertificateSigningRequest", 19, 22, "certificates.k8s.io/v1", 0, changes},
	{"certificates.k8s.io/v1alpha1", "ClusterTrustBundle", 34, 37, "certificates.k8s.io/v1", 37, changes},
	{"certificates.k8s.io/v1alpha1", "PodCertificateRequest", 35, 35, "certificates.k8s.io/v1", 37, changes},
	{"certificates.k8s.io/v1beta1", "ClusterTrustBundle", 37, 40, "certificates.k8s.io/v1", 0, same},
	{"certificates.k8s.io/v1beta1", "PodCertificateRequest", 37, 40, "certificates.k8s.io/v1", 0, changes},
	{"coordination.k8s.io/v1beta1", "Lease", 19, 22, "coordination.k8s.io/v1", 0, same},
	{"coordination.k8s.io/v1alpha1", "LeaseCandidate", 32, 32, "coordination.k8s.io/v1beta1", 33, changes},
	{"coordination.k8s.io/v1alpha2", "LeaseCandidate", 35, 38, "coordination.k8s.io/v1beta1", 33, changes},
	{"coordination.k8s.io/v1beta1", "LeaseCandidate", 36, 39, "", 0, changes},
	{"discovery.k8s.io/v1beta1", "EndpointSlice", 21, 25, "discovery.k8s.io/v1", 0, changes},
	{"events.k8s.io/v1beta1", "Event", 22, 25, "events.k8s.io/v1", 0, changes},
	{"flowcontrol.apiserver.k8s.io/v1alpha1", "FlowSchema PriorityLevelConfiguration", 20, 21, "flowcontrol.apiserver.k8s.io/v1", 29, changes},
	{"flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", 23, 26, "flowcontrol.apiserver.k8s.io/v1", 29, same},
	{"flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", 26, 29, "flowcontrol.apiserver.k8s.io/v1", 29, same},
	{"flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", 29, 32, "flowcontrol.apiserver.k8s.io/v1", 29, same},
	{"flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration", 23, 26, "flowcontrol.apiserver.k8s.io/v1", 29, changes},
	{"flowcontrol.apiserver.k8s.io/v1beta2", "PriorityLevelConfiguration", 26, 29, "flowcontrol.apiserver.k8s.io/v1", 29, changes},
	{"flowcontrol.apiserver.k8s.io/v1beta3", "PriorityLevelConfiguration", 29, 32, "flowcontrol.apiserver.k8s.io/v1", 29, unless},
	{"node.k8s.io/v1alpha1", "RuntimeClass", 20, 23, "node.k8s.io/v1", 20, changes},
	{"node.k8s.io/v1beta1", "RuntimeClass", 22, 25, "node.k8s.io/v1", 20, same},
	{"resource.k8s.io/v1alpha1", "ResourceClaim ResourceClaimTemplate ResourceClass PodScheduling", 26, 27, "resource.k8s.io/v1", 34, changes},
	{"resource.k8s.io/v1alpha2", "ResourceClaim ResourceClaimTemplate ResourceClass PodSchedulingContext ResourceSlice ResourceClaimParameters ResourceClassParameters", 30, 31, "resource.k8s.io/v1", 34, changes},
	{"resource.k8s.io/v1alpha3", "PodSchedulingContext", 31, 32, "", 0, changes},
	{"resource.k8s.io/v1alpha3", "ResourceClaim ResourceClaimTemplate DeviceClass ResourceSlice", 32, 33, "resource.k8s.io/v1", 34, changes},
	{"resource.k8s.io/v1alpha3", "DeviceTaintRule", 36, 39, "resource.k8s.io/v1", 37, changes},
	{"resource.k8s.io/v1alpha3", "ResourcePoolStatusRequest", 39, 42, "", 0, changes},
	{"resource.k8s.io/v1beta1", "ResourceClaim ResourceClaimTemplate DeviceClass ResourceSlice", 35, 38, "resource.k8s.io/v1", 34, changes},
	{"resource.k8s.io/v1beta2", "ResourceClaim ResourceClaimTemplate DeviceClass ResourceSlice", 36, 39, "resource.k8s.io/v1", 34, same},
	{"resource.k8s.io/v1beta2", "DeviceTaintRule", 39, 42, "resource.k8s.io/v1", 37, changes},
	{"scheduling.k8s.io/v1alpha1", "PriorityClass", 14, 23, "scheduling.k8s.io/v1", 14, changes},
	{"scheduling.k8s.io/v1beta1", "PriorityClass", 14, 22, "scheduling.k8s.io/v1", 14, same},
	{"scheduling.k8s.io/v1alpha1", "Workload", 36, 36, "scheduling.k8s.io/v1beta1", 37, changes},
	{"scheduling.k8s.io/v1alpha2", "PodGroup Workload", 37, 37, "scheduling.k8s.io/v1beta1", 37, changes},
	{"scheduling.k8s.io/v1beta1", "PodGroup Workload", 40, 43, "", 0, changes},
	{"lifecycle.k8s.io/v1alpha1", "Eviction EvictionRequest", 40, 43, "", 0, changes},
	{"settings.k8s.io/v1alpha1", "PodPreset", 19, 20, "a MutatingAdmissionPolicy", 36, changes},
	{"storage.k8s.io/v1alpha1", "VolumeAttachment", 21, 24, "storage.k8s.io/v1", 13, same},
	{"storage.k8s.io/v1alpha1", "CSIStorageCapacity", 21, 24, "storage.k8s.io/v1", 24, changes},
	{"storage.k8s.io/v1alpha1", "VolumeAttributesClass", 32, 35, "storage.k8s.io/v1", 34, changes},
	{"storage.k8s.io/v1beta1", "CSIDriver StorageClass VolumeAttachment", 19, 22, "storage.k8s.io/v1", 18, same},
	{"storage.k8s.io/v1beta1", "CSINode", 17, 22, "storage.k8s.io/v1", 17, same},
	{"storage.k8s.io/v1beta1", "CSIStorageCapacity", 24, 27, "storage.k8s.io/v1", 24, same},
	{"storage.k8s.io/v1beta1", "VolumeAttributesClass", 34, 37, "storage.k8s.io/v1", 34, same},
	{"storagemigration.k8s.io/v1alpha1", "StorageVersionMigration", 35, 35, "storagemigration.k8s.io/v1", 37, changes},
	{"storagemigration.k8s.io/v1beta1", "StorageVersionMigration", 37, 40, "storagemigration.k8s.io/v1", 37, changes},
	{"v1", "ComponentStatus", 19, 0, "the health endpoints of the components", 0, changes},
	{"v1", "Endpoints", 33, 0, "discovery.k8s.io/v1, kind EndpointSlice", 21, changes},
}

// podSecurityPolicies are the versions of the kind that has a rule of its own.
var podSecurityPolicies = []version{
	{"extensions/v1beta1", "PodSecurityPolicy", 11, 16, "Pod Security Admission", 25, changes},
	{"policy/v1beta1", "PodSecurityPolicy", 21, 25, "Pod Security Admission", 25, changes},
}
