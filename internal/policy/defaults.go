package policy

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// setDefaults fills in what the API server would before any policy sees the object: the fields that policies
// ask for most, in the kinds that hold pods, Services, Secrets and NetworkPolicies. It fills in nothing elsewhere.
func setDefaults(o runtime.Object) {
	switch o := o.(type) {
	case *corev1.Pod:
		defaultPod(&o.Spec)
		defaultRequests(&o.Spec)
		set(&o.Spec.EnableServiceLinks, true)
	case *corev1.PodTemplate:
		defaultTemplate(&o.Template)
	case *corev1.ReplicationController:
		set(&o.Spec.Replicas, 1)
		if o.Spec.Template != nil {
			defaultTemplate(o.Spec.Template)
		}
	case *appsv1.ReplicaSet:
		set(&o.Spec.Replicas, 1)
		defaultTemplate(&o.Spec.Template)
	case *appsv1.Deployment:
		defaultDeployment(&o.Spec)
	case *appsv1.StatefulSet:
		set(&o.Spec.Replicas, 1)
		set(&o.Spec.RevisionHistoryLimit, 10)
		fill(&o.Spec.PodManagementPolicy, appsv1.OrderedReadyPodManagement)
		fill(&o.Spec.UpdateStrategy.Type, appsv1.RollingUpdateStatefulSetStrategyType)
		defaultTemplate(&o.Spec.Template)
	case *appsv1.DaemonSet:
		set(&o.Spec.RevisionHistoryLimit, 10)
		fill(&o.Spec.UpdateStrategy.Type, appsv1.RollingUpdateDaemonSetStrategyType)
		defaultTemplate(&o.Spec.Template)
	case *batchv1.Job:
		defaultJob(&o.Spec)
	case *batchv1.CronJob:
		fill(&o.Spec.ConcurrencyPolicy, batchv1.AllowConcurrent)
		set(&o.Spec.Suspend, false)
		set(&o.Spec.SuccessfulJobsHistoryLimit, 3)
		set(&o.Spec.FailedJobsHistoryLimit, 1)
		defaultTemplate(&o.Spec.JobTemplate.Spec.Template)
	case *corev1.Service:
		defaultService(&o.Spec)
	case *corev1.Secret:
		fill(&o.Type, corev1.SecretTypeOpaque)
	case *networkingv1.NetworkPolicy:
		if len(o.Spec.PolicyTypes) == 0 {
			o.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
			if len(o.Spec.Egress) > 0 {
				o.Spec.PolicyTypes = append(o.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
			}
		}
	}
}

// set fills in a field that is not there, fill one that is empty.
func set[T any](field **T, value T) {
	if *field == nil {
		*field = &value
	}
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func defaultDeployment(s *appsv1.DeploymentSpec) {
	set(&s.Replicas, 1)
	set(&s.RevisionHistoryLimit, 10)
	set(&s.ProgressDeadlineSeconds, 600)
	fill(&s.Strategy.Type, appsv1.RollingUpdateDeploymentStrategyType)
	if s.Strategy.Type == appsv1.RollingUpdateDeploymentStrategyType {
		set(&s.Strategy.RollingUpdate, appsv1.RollingUpdateDeployment{})
		set(&s.Strategy.RollingUpdate.MaxUnavailable, intstr.FromString("25%"))
		set(&s.Strategy.RollingUpdate.MaxSurge, intstr.FromString("25%"))
	}
	defaultTemplate(&s.Template)
}

func defaultJob(s *batchv1.JobSpec) {
	if s.Completions == nil && s.Parallelism == nil {
		set(&s.Completions, 1)
	}
	set(&s.Parallelism, 1)
	set(&s.BackoffLimit, 6)
	set(&s.CompletionMode, batchv1.NonIndexedCompletion)
	set(&s.Suspend, false)
	defaultTemplate(&s.Template)
}

func defaultService(s *corev1.ServiceSpec) {
	fill(&s.Type, corev1.ServiceTypeClusterIP)
	fill(&s.SessionAffinity, corev1.ServiceAffinityNone)
	if s.Type == corev1.ServiceTypeNodePort || s.Type == corev1.ServiceTypeLoadBalancer {
		fill(&s.ExternalTrafficPolicy, corev1.ServiceExternalTrafficPolicyCluster)
	}
	if s.Type == corev1.ServiceTypeLoadBalancer {
		set(&s.AllocateLoadBalancerNodePorts, true)
	}
	if s.Type != corev1.ServiceTypeExternalName {
		set(&s.InternalTrafficPolicy, corev1.ServiceInternalTrafficPolicyCluster)
	}
	for i := range s.Ports {
		p := &s.Ports[i]
		fill(&p.Protocol, corev1.ProtocolTCP)
		fill(&p.TargetPort, intstr.FromInt32(p.Port))
	}
}

func defaultTemplate(t *corev1.PodTemplateSpec) { defaultPod(&t.Spec) }

func defaultPod(s *corev1.PodSpec) {
	fill(&s.RestartPolicy, corev1.RestartPolicyAlways)
	fill(&s.DNSPolicy, corev1.DNSClusterFirst)
	fill(&s.SchedulerName, corev1.DefaultSchedulerName)
	fill(&s.DeprecatedServiceAccount, s.ServiceAccountName)
	fill(&s.ServiceAccountName, s.DeprecatedServiceAccount)
	set(&s.TerminationGracePeriodSeconds, corev1.DefaultTerminationGracePeriodSeconds)
	set(&s.SecurityContext, corev1.PodSecurityContext{})
	for i := range s.InitContainers {
		defaultContainer(&s.InitContainers[i], s.HostNetwork)
	}
	for i := range s.Containers {
		defaultContainer(&s.Containers[i], s.HostNetwork)
	}
	for i := range s.Volumes {
		v := &s.Volumes[i]
		if v.VolumeSource == (corev1.VolumeSource{}) {
			v.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
		if v.HostPath != nil {
			set(&v.HostPath.Type, corev1.HostPathUnset)
		}
		if v.Secret != nil {
			set(&v.Secret.DefaultMode, corev1.SecretVolumeSourceDefaultMode)
		}
		if v.ConfigMap != nil {
			set(&v.ConfigMap.DefaultMode, corev1.ConfigMapVolumeSourceDefaultMode)
		}
	}
}

func defaultContainer(c *corev1.Container, hostNetwork bool) {
	if c.ImagePullPolicy == "" {
		c.ImagePullPolicy = corev1.PullIfNotPresent
		if isLatest(c.Image) {
			c.ImagePullPolicy = corev1.PullAlways
		}
	}
	fill(&c.TerminationMessagePath, corev1.TerminationMessagePathDefault)
	fill(&c.TerminationMessagePolicy, corev1.TerminationMessageReadFile)
	for i := range c.Ports {
		fill(&c.Ports[i].Protocol, corev1.ProtocolTCP)
		if hostNetwork {
			fill(&c.Ports[i].HostPort, c.Ports[i].ContainerPort)
		}
	}
	for i := range c.Env {
		if f := c.Env[i].ValueFrom; f != nil && f.FieldRef != nil {
			fill(&f.FieldRef.APIVersion, "v1")
		}
	}
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		defaultProbe(p)
	}
}

func defaultProbe(p *corev1.Probe) {
	if p == nil {
		return
	}
	fill(&p.TimeoutSeconds, 1)
	fill(&p.PeriodSeconds, 10)
	fill(&p.SuccessThreshold, 1)
	fill(&p.FailureThreshold, 3)
	if h := p.HTTPGet; h != nil {
		fill(&h.Path, "/")
		fill(&h.Scheme, corev1.URISchemeHTTP)
	}
}

// defaultRequests makes of a limit a request where none is set; the API server does so for pods only.
func defaultRequests(s *corev1.PodSpec) {
	for _, list := range [][]corev1.Container{s.InitContainers, s.Containers} {
		for i := range list {
			r := &list[i].Resources
			for name, limit := range r.Limits {
				if r.Requests == nil {
					r.Requests = corev1.ResourceList{}
				}
				if _, ok := r.Requests[name]; !ok {
					r.Requests[name] = limit.DeepCopy()
				}
			}
		}
	}
}

// isLatest says whether an image has the tag latest, or neither tag nor digest.
func isLatest(image string) bool {
	name, _, digest := strings.Cut(image, "@")
	last := name[strings.LastIndex(name, "/")+1:]
	_, tag, tagged := strings.Cut(last, ":")
	return tagged && tag == "latest" || !tagged && !digest
}
