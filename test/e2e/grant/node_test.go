package grant

import (
	"fmt"
	"math/rand/v2"
	"testing"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/auth/nodeidentifier"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/node"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

var (
	nodeNames  = []string{"w1", "w2", "w3"}
	nodeSpaces = []string{"n1", "n2"}
	things     = []string{"a", "b", "c", "d"}
)

// TestNode asks upstream's Node authorizer and the product the same questions about random pods and volumes.
func TestNode(t *testing.T) {
	a := startAsker(t)
	asked, allowed := 0, 0
	for seed := uint64(0); asked < queries(t)/4; seed++ {
		g := &nodeGenerator{Rand: rand.New(rand.NewPCG(seed, 99)), graph: node.NewGraph()}
		g.cluster()
		oracle := node.NewAuthorizer(g.graph, nodeidentifier.NewDefaultNodeIdentifier(), bootstrappolicy.NodeRules())
		b := batch{World: worldOf(t, g.objects...), Complete: true, Pods: true}
		var want []string
		for range queriesPerCluster {
			q := g.question()
			b.Questions = append(b.Questions, q)
			v := decide(oracle, q)
			want = append(want, v)
			if v == "allowed" {
				allowed++
			}
		}
		got := a.ask(b)
		for i, w := range want {
			if got.Verdicts[i] != w {
				t.Fatalf("seed %d: %+v:\nupstream: %s\nproduct:  %s: %s\nworld: %s", seed, b.Questions[i], w, got.Verdicts[i], got.Reasons[i], b.World)
			}
		}
		asked += len(want)
	}
	t.Logf("%d questions, %d allowed", asked, allowed)
	if allowed*10 < asked || allowed*10 > asked*9 {
		t.Errorf("of %d questions %d are allowed: the clusters do not put the verdict to the test", asked, allowed)
	}
}

// nodeGenerator makes pods and volumes, and tells upstream's graph of them.
type nodeGenerator struct {
	*rand.Rand
	graph   *node.Graph
	objects []runtime.Object
}

func (g *nodeGenerator) pick(from []string) string { return from[g.IntN(len(from))] }

func (g *nodeGenerator) cluster() {
	for i := range 3 + g.IntN(12) {
		p := g.pod(i)
		g.objects = append(g.objects, p)
		if p.Spec.NodeName != "" {
			g.graph.AddPod(p)
		}
	}
	for i := range g.IntN(10) {
		pv := g.volume(i)
		g.objects = append(g.objects, pv)
		g.graph.AddPV(pv)
	}
	for i := range g.IntN(3) {
		va := &storagev1.VolumeAttachment{TypeMeta: metav1.TypeMeta{APIVersion: "storage.k8s.io/v1", Kind: "VolumeAttachment"}, ObjectMeta: metav1.ObjectMeta{Name: things[i]}}
		va.Spec.NodeName = g.pick(nodeNames)
		g.objects = append(g.objects, va)
		g.graph.AddVolumeAttachment(va.Name, va.Spec.NodeName)
	}
	for i := range g.IntN(3) {
		name := g.pick(append([]string{""}, nodeNames...))
		slice := &resourcev1.ResourceSlice{TypeMeta: metav1.TypeMeta{APIVersion: "resource.k8s.io/v1", Kind: "ResourceSlice"}, ObjectMeta: metav1.ObjectMeta{Name: things[i]}}
		if name != "" {
			slice.Spec.NodeName = &name
		}
		g.objects = append(g.objects, slice)
		g.graph.AddResourceSlice(slice.Name, name)
	}
}

func (g *nodeGenerator) pod(i int) *corev1.Pod {
	p := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: g.pick(nodeSpaces), Name: fmt.Sprintf("p%d", i)},
	}
	p.Spec.NodeName = g.pick(append([]string{""}, nodeNames...))
	p.Spec.ServiceAccountName = g.pick(things)
	if g.IntN(6) == 0 {
		p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
	}
	if g.IntN(3) == 0 {
		p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: g.pick(things)}}
	}
	p.Spec.Containers = []corev1.Container{g.container("main")}
	if g.IntN(2) == 0 {
		p.Spec.InitContainers = []corev1.Container{g.container("init")}
	}
	if g.IntN(4) == 0 {
		c := g.container("debug")
		p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: c.Name, Env: c.Env, EnvFrom: c.EnvFrom}}}
	}
	for j := range g.IntN(4) {
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: fmt.Sprintf("v%d", j), VolumeSource: g.source()})
	}
	switch name := g.pick(things); g.IntN(4) {
	case 0:
		p.Spec.ResourceClaims = []corev1.PodResourceClaim{{Name: "x", ResourceClaimName: &name}}
	case 1:
		p.Spec.ResourceClaims = []corev1.PodResourceClaim{{Name: "x", ResourceClaimTemplateName: &name}}
		made := g.pick(things)
		p.Status.ResourceClaimStatuses = []corev1.PodResourceClaimStatus{{Name: g.pick([]string{"x", "y"}), ResourceClaimName: &made}}
	case 2:
		p.Status.ExtendedResourceClaimStatus = &corev1.PodExtendedResourceClaimStatus{ResourceClaimName: name}
	}
	return p
}

func (g *nodeGenerator) container(name string) corev1.Container {
	c := corev1.Container{Name: name, Image: "x"}
	ref := corev1.LocalObjectReference{Name: g.pick(things)}
	switch g.IntN(5) {
	case 0:
		c.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: ref}}}
	case 1:
		c.EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: ref}}}
	case 2:
		c.Env = []corev1.EnvVar{{Name: "X", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: ref}}}}
	case 3:
		c.Env = []corev1.EnvVar{{Name: "X", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: ref}}}}
	}
	return c
}

// source is a volume of any kind that names something.
func (g *nodeGenerator) source() corev1.VolumeSource {
	name := g.pick(things)
	ref := &corev1.LocalObjectReference{Name: name}
	all := []corev1.VolumeSource{
		{Secret: &corev1.SecretVolumeSource{SecretName: name}},
		{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: *ref}},
		{AzureFile: &corev1.AzureFileVolumeSource{SecretName: name}},
		{CephFS: &corev1.CephFSVolumeSource{SecretRef: ref}},
		{Cinder: &corev1.CinderVolumeSource{SecretRef: ref}},
		{FlexVolume: &corev1.FlexVolumeSource{SecretRef: ref}},
		{RBD: &corev1.RBDVolumeSource{SecretRef: ref}},
		{ScaleIO: &corev1.ScaleIOVolumeSource{SecretRef: ref}},
		{ISCSI: &corev1.ISCSIVolumeSource{SecretRef: ref}},
		{StorageOS: &corev1.StorageOSVolumeSource{SecretRef: ref}},
		{CSI: &corev1.CSIVolumeSource{Driver: "x", NodePublishSecretRef: ref}},
		{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}},
		{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{}}},
		{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{Secret: &corev1.SecretProjection{LocalObjectReference: *ref}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: g.pick(things)}}},
		}}},
		{EmptyDir: &corev1.EmptyDirVolumeSource{}},
	}
	if g.IntN(2) == 0 {
		return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}} // persistent volumes hang on these
	}
	return all[g.IntN(len(all))]
}

// volume is a persistent volume of any kind that names a Secret.
func (g *nodeGenerator) volume(i int) *corev1.PersistentVolume {
	pv := &corev1.PersistentVolume{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolume"}, ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("pv%d", i)}}
	ns := g.pick(append([]string{""}, nodeSpaces...))
	ref := &corev1.SecretReference{Name: g.pick(things), Namespace: ns}
	all := []corev1.PersistentVolumeSource{
		{AzureFile: &corev1.AzureFilePersistentVolumeSource{SecretName: ref.Name, SecretNamespace: &ns}},
		{AzureFile: &corev1.AzureFilePersistentVolumeSource{SecretName: ref.Name}},
		{CephFS: &corev1.CephFSPersistentVolumeSource{SecretRef: ref}},
		{Cinder: &corev1.CinderPersistentVolumeSource{SecretRef: ref}},
		{FlexVolume: &corev1.FlexPersistentVolumeSource{SecretRef: ref}},
		{RBD: &corev1.RBDPersistentVolumeSource{SecretRef: ref}},
		{ScaleIO: &corev1.ScaleIOPersistentVolumeSource{SecretRef: ref}},
		{ISCSI: &corev1.ISCSIPersistentVolumeSource{SecretRef: ref}},
		{StorageOS: &corev1.StorageOSPersistentVolumeSource{SecretRef: &corev1.ObjectReference{Name: ref.Name, Namespace: ref.Namespace}}},
		{CSI: &corev1.CSIPersistentVolumeSource{NodePublishSecretRef: ref}},
		{CSI: &corev1.CSIPersistentVolumeSource{NodeStageSecretRef: ref}},
		{CSI: &corev1.CSIPersistentVolumeSource{NodeExpandSecretRef: ref}},
		{CSI: &corev1.CSIPersistentVolumeSource{ControllerPublishSecretRef: ref}},
		{CSI: &corev1.CSIPersistentVolumeSource{ControllerExpandSecretRef: ref}},
	}
	pv.Spec.PersistentVolumeSource = all[g.IntN(len(all))]
	if g.IntN(6) > 0 {
		pv.Spec.ClaimRef = &corev1.ObjectReference{Namespace: g.pick(nodeSpaces), Name: g.pick(things)}
	}
	return pv
}

// kinds are what the Node authorizer treats apart, and some that it does not.
var nodeKinds = [][2]string{
	{"", "secrets"}, {"", "configmaps"}, {"", "persistentvolumeclaims"}, {"", "persistentvolumes"}, {"", "serviceaccounts"}, {"", "pods"}, {"", "nodes"},
	{"", "services"}, {"", "events"}, {"", "endpoints"}, {"resource.k8s.io", "resourceclaims"}, {"resource.k8s.io", "resourceslices"},
	{"storage.k8s.io", "volumeattachments"}, {"storage.k8s.io", "csinodes"}, {"storage.k8s.io", "csidrivers"}, {"coordination.k8s.io", "leases"},
	{"certificates.k8s.io", "podcertificaterequests"}, {"certificates.k8s.io", "certificatesigningrequests"}, {"node.k8s.io", "runtimeclasses"}, {"apps", "pods"},
	{"certificates.k8s.io", "clustertrustbundles"}, {"authorization.k8s.io", "subjectaccessreviews"},
}

func (g *nodeGenerator) question() question {
	me := g.pick(nodeNames)
	user := "system:node:" + me
	q := question{Op: "can", User: user, Groups: implicitGroups(user)}
	if g.IntN(12) == 0 {
		q.Groups = []string{"system:authenticated"}
	}
	if g.IntN(20) == 0 {
		q.User = "system:node:"
	}
	kind := nodeKinds[g.IntN(len(nodeKinds))]
	if g.IntN(3) == 0 {
		kind = nodeKinds[0] // Secrets, to which most ways lead
	}
	q.Group, q.Resource = kind[0], kind[1]
	q.Verb = g.pick([]string{"get", "get", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"})
	if g.IntN(4) == 0 {
		q.Subresource = g.pick([]string{"status", "token", "eviction", "log", "proxy"})
	}
	if q.Resource == "serviceaccounts" && g.IntN(2) == 0 {
		q.Verb, q.Subresource = "create", "token"
	}
	if q.Resource != "persistentvolumes" && g.IntN(5) > 0 {
		q.Namespace = g.pick(append([]string{"kube-node-lease"}, nodeSpaces...))
	}
	switch g.IntN(6) {
	case 0:
	case 1:
		q.Name = g.pick(nodeNames)
	case 2:
		q.Name = fmt.Sprintf("p%d", g.IntN(12))
	case 3:
		q.Name = fmt.Sprintf("pv%d", g.IntN(6))
	default:
		q.Name = g.pick(append([]string{"p0-v0", "p1-v0", "p1-v1"}, things...))
	}
	switch q.Resource {
	case "resourceslices", "volumeattachments":
		q.Namespace = ""
	case "secrets":
		if g.IntN(3) > 0 {
			q.Verb, q.Subresource, q.Namespace, q.Name = "get", "", g.pick(append([]string{""}, nodeSpaces...)), g.pick(things)
		}
	}
	return q
}
