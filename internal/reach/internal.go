package reach

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
)

// internalBalancer says whether a Service's load balancer is inside the provider's network: its class or an
// annotation of a cloud says so.
func internalBalancer(o *kube.Object) bool {
	spec := o.Root.Get("spec")
	scheme := o.Annotation("service.beta.kubernetes.io/aws-load-balancer-scheme")
	switch class := spec.Get("loadBalancerClass").Str(); {
	case class == "service.k8s.aws/nlb": // the controller's default is internal
		return scheme != "internet-facing"
	case class == "tailscale":
		return o.Annotation("tailscale.com/funnel") != "true"
	case strings.HasSuffix(class, "-internal"):
		return true
	}
	if kind := o.Annotation("service.beta.kubernetes.io/aws-load-balancer-type"); kind == "external" || kind == "nlb-ip" {
		if scheme == "" && o.Annotation("service.beta.kubernetes.io/aws-load-balancer-internal") == "" {
			return true // the same controller, chosen by an annotation
		}
	}
	return annotated(o, map[string][]string{
		"service.beta.kubernetes.io/aws-load-balancer-internal":              {"true", "0.0.0.0/0"},
		"service.beta.kubernetes.io/aws-load-balancer-scheme":                {"internal"},
		"service.beta.kubernetes.io/azure-load-balancer-internal":            {"true"},
		"networking.gke.io/load-balancer-type":                               {"internal"},
		"cloud.google.com/load-balancer-type":                                {"internal"},
		"service.beta.kubernetes.io/openstack-internal-load-balancer":        {"true"},
		"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type":     {"private"},
		"service.beta.kubernetes.io/oci-load-balancer-internal":              {"true"},
		"oci-network-load-balancer.oraclecloud.com/internal":                 {"true"},
		"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": {"intranet"},
		"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid":        nil,
		"service.beta.kubernetes.io/cce-load-balancer-internal-vpc":          {"true"},
		"service.beta.kubernetes.io/scw-loadbalancer-private":                {"true"},
		"service.beta.kubernetes.io/do-loadbalancer-network":                 {"internal"},
		"load-balancer.hetzner.cloud/disable-public-network":                 {"true"},
		"yandex.cloud/load-balancer-type":                                    {"internal"},
	})
}

// internalIngress says whether an Ingress is served inside the provider's network.
func internalIngress(o *kube.Object) bool {
	class := o.Root.At("spec", "ingressClassName").Str()
	if class == "" {
		class = o.Annotation("kubernetes.io/ingress.class")
	}
	scheme := o.Annotation("alb.ingress.kubernetes.io/scheme")
	return class == "alb" && scheme != "internet-facing" || annotated(o, map[string][]string{
		"alb.ingress.kubernetes.io/scheme":             {"internal"},
		"kubernetes.io/ingress.class":                  {"gce-internal"},
		"appgw.ingress.kubernetes.io/use-private-ip":   {"true"},
		"nsx-alb.vmware.com/use-private-ip":            {"true"},
		"ingress.kubernetes.io/load-balancer-internal": {"true"},
	})
}

// internalGateway says whether a Gateway listens inside the provider's network.
func internalGateway(o *kube.Object) bool {
	class := strings.ToLower(o.Root.At("spec", "gatewayClassName").Str())
	if strings.Contains(class, "rilb") || strings.Contains(class, "internal") {
		return true
	}
	asked := o.Root.At("spec", "infrastructure", "annotations")
	return asked.Get("service.beta.kubernetes.io/azure-load-balancer-internal").Text() == "true" ||
		asked.Get("networking.gke.io/load-balancer-type").Text() == "Internal" ||
		asked.Get("service.beta.kubernetes.io/aws-load-balancer-scheme").Text() == "internal"
}

// annotated says whether an object has one of the annotations with one of its values, in any case; no values stand
// for any.
func annotated(o *kube.Object, table map[string][]string) bool {
	for key, values := range table {
		have := o.Annotation(key)
		if values == nil && have != "" {
			return true
		}
		for _, v := range values {
			if strings.EqualFold(have, v) {
				return true
			}
		}
	}
	return false
}
