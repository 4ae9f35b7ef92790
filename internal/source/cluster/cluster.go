// Package cluster is the Source that reads a live cluster through the dynamic client, page by page, and only
// the kinds that a rule asks for. It only ever lists: it needs no rights but get and list. What the
// cluster's RBAC forbids becomes a Gap. Files are read by the other packages of internal/source.
package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Options say which cluster and what of it, in kubectl's words.
type Options struct {
	Kubeconfig, Context string
	Namespace, Selector string // empty: all
	As                  string
	AsGroups            []string
	Kinds               []string // bartizan.Kinds, "Workload", "*", or one object as KIND/NAMESPACE/NAME
}

// Counts is what a Source has read so far.
type Counts struct{ Objects, Workloads int }

// Source reads a cluster.
type Source struct {
	options   Options
	name      string
	discovery discovery.DiscoveryInterface
	client    dynamic.Interface
	counts    Counts
	// makers are custom kinds that make what they hold the template of.
	makers map[bartizan.Kind]bool
}

var _ bartizan.Source = (*Source)(nil)

// pageSize is how many objects are asked for at a time: at the API's size limit of about 1.5 MiB an object
// this bounds a page, and at common sizes a page is one to two megabytes.
const pageSize = 500

// requestRate is the client's own limit, in requests a second; the API server's priority and fairness
// protects it besides.
const requestRate = 50

// Open reads the kubeconfig and connects to nothing yet.
func Open(o Options) (*Source, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.Context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("use kubeconfig: %w; name one with --kubeconfig or $KUBECONFIG", err)
	}
	name := o.Context
	if name == "" {
		name = raw.CurrentContext
	}
	return connect(o, name, config)
}

func connect(o Options, name string, config *rest.Config) (*Source, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = requestRate, 2*requestRate
	config.UserAgent = "bartizan"
	config.WarningHandler = rest.NoWarnings{}
	config.Impersonate = rest.ImpersonationConfig{UserName: o.As, Groups: o.AsGroups}
	s := &Source{options: o, name: name, makers: map[bartizan.Kind]bool{}}
	var err error
	if s.discovery, err = discovery.NewDiscoveryClientForConfig(config); err != nil {
		return nil, fmt.Errorf("use kubeconfig: %w", err)
	}
	if s.client, err = dynamic.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("use kubeconfig: %w", err)
	}
	return s, nil
}

// Name is the kubeconfig's context.
func (s *Source) Name() string { return s.name }

// Counts is valid after Read.
func (s *Source) Counts() Counts { return s.counts }

// Read lists what the rules ask for, kind by kind in the order of their names. A cluster that cannot be
// reached at all is an error; a kind that cannot be listed is a Gap.
func (s *Source) Read(ctx context.Context, emit func(bartizan.Item) error) error {
	found, err := s.discover(ctx, emit)
	if err != nil {
		return err
	}
	for _, r := range found {
		read := s.list
		if len(r.only) > 0 {
			read = s.get
		}
		if err := read(ctx, r, emit); err != nil {
			return err
		}
	}
	return nil
}

// get reads single objects. One that is not there, or not for this user, is no gap: who asks for it knows that it may be
// missing, and says what depends on it.
func (s *Source) get(ctx context.Context, r resource, emit func(bartizan.Item) error) error {
	for _, at := range r.only {
		one, err := s.client.Resource(r.gvr).Namespace(at.Namespace).Get(ctx, at.Name, metav1.GetOptions{})
		switch {
		case err == nil:
			err = s.object(one, emit)
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
			err = nil
		default:
			err = s.gap(emit, "get %s %s: %v", r.gvr.Resource, at, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) gap(emit func(bartizan.Item) error, format string, args ...any) error {
	return emit(bartizan.Item{Gap: &bartizan.Gap{
		Origin: bartizan.Origin{Source: "cluster", File: s.name},
		Reason: fmt.Sprintf(format, args...),
	}})
}

// list reads one kind page by page.
func (s *Source) list(ctx context.Context, r resource, emit func(bartizan.Item) error) error {
	from := s.lister(r)
	options := metav1.ListOptions{Limit: pageSize, LabelSelector: s.options.Selector}
	for restarted := false; ; {
		page, err := from.List(ctx, options)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case apierrors.IsResourceExpired(err) && !restarted:
			// The snapshot behind the continue token is gone; the API allows to go on from where it was,
			// on newer data.
			restarted = true
			var status apierrors.APIStatus
			if errors.As(err, &status) && status.Status().Continue != "" {
				options.Continue = status.Status().Continue
				continue
			}
			return s.gap(emit, "list %s: %v; what was read so far is judged, scan again for the rest", r.gvr.Resource, err)
		case apierrors.IsForbidden(err):
			return s.gap(emit, "list %s: forbidden to this user%s; %s", r.gvr.GroupResource(), where(r, s.options.Namespace), advice(r, s.options.Namespace))
		case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
			return nil // the kind went away, or cannot be listed
		default:
			return s.gap(emit, "list %s: %v", r.gvr.Resource, err)
		}
		for i := range page.Items {
			if err := s.object(&page.Items[i], emit); err != nil {
				return err
			}
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return nil
		}
		restarted = false
	}
}

func (s *Source) lister(r resource) dynamic.ResourceInterface {
	if r.namespaced && s.options.Namespace != "" {
		return s.client.Resource(r.gvr).Namespace(s.options.Namespace)
	}
	return s.client.Resource(r.gvr)
}

func where(r resource, namespace string) string {
	if r.namespaced && namespace != "" {
		return " in namespace " + namespace
	}
	return ""
}

// advice says how to get at what is forbidden.
func advice(r resource, namespace string) string {
	if r.namespaced && namespace == "" {
		return "grant list on it, or choose a namespace with -n"
	}
	return "grant list on it"
}

// object makes an entity of what the API gave.
func (s *Source) object(u *unstructured.Unstructured, emit func(bartizan.Item) error) error {
	if owner := metav1.GetControllerOf(u); owner != nil && (templateKinds[owner.Kind] || s.makers[maker(owner)]) {
		return emit(bartizan.Item{Gap: &bartizan.Gap{Skip: true, Reason: "made by a controller that is judged itself"}})
	}
	unstructured.RemoveNestedField(u.Object, "metadata", "managedFields")
	unstructured.RemoveNestedField(u.Object, "status")
	text, err := json.Marshal(u.Object)
	if err != nil {
		return s.gap(emit, "read %s %s/%s: %v", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	for doc, err := range tree.Parse(string(text), tree.DefaultLimits()) {
		if err != nil {
			return s.gap(emit, "read %s %s/%s: %v", u.GetKind(), u.GetNamespace(), u.GetName(), err)
		}
		objects, errs := kube.Decode(doc, bartizan.Origin{Source: "cluster", File: s.name})
		for _, err := range errs {
			if err := s.gap(emit, "read %s %s/%s: %v", u.GetKind(), u.GetNamespace(), u.GetName(), err); err != nil {
				return err
			}
		}
		for _, o := range objects {
			s.counts.Objects++
			s.counts.Workloads += len(o.Workloads)
			e := o.Entity()
			if err := emit(bartizan.Item{Entity: &e}); err != nil {
				return err
			}
		}
	}
	return nil
}

// templateKinds make pods from a template that is judged where it stands; judging the pods, too, would
// show each mistake once for each replica.
var templateKinds = map[string]bool{
	"ReplicaSet": true, "ReplicationController": true, "Deployment": true, "StatefulSet": true,
	"DaemonSet": true, "Job": true, "CronJob": true,
}

// single are the objects of a kind that are asked for one by one.
func (o *Options) single(kind bartizan.Kind) (only []types.NamespacedName) {
	for _, text := range o.Kinds {
		parts := strings.Split(text, "/")
		if len(parts) != 3 || parts[0] != string(kind) {
			continue
		}
		if at := (types.NamespacedName{Namespace: parts[1], Name: parts[2]}); !slices.Contains(only, at) {
			only = append(only, at)
		}
	}
	return only
}

// wants says whether a rule asks for a kind.
func (o *Options) wants(kind bartizan.Kind) bool {
	return slices.Contains(o.Kinds, string(kind)) || kube.HoldsPods(kind) && slices.Contains(o.Kinds, "Workload")
}
