package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/rule"
)

// newGrant makes the command that answers who may do what.
func newGrant() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "grant",
		Short: "Say who may do what, and through which binding",
		Long: "Grant answers as the API server's own authorizers would: RBAC with aggregated roles, implicit groups and\n" +
			"resource names, system:masters and the Node authorizer. What was not read makes an answer unknown.",
		Example: "  bartizan grant can system:serviceaccount:shop:api get secrets -n shop deploy/\n" +
			"  bartizan grant who create pods/exec --cluster\n  bartizan grant of alice --group dev deploy/",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newGrantCan(), newGrantWho(), newGrantOf(), newGrantExcess())
	return cmd
}

// grantKinds are the kinds that the authorizers' answers depend on.
var grantKinds = []string{
	"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount", "Namespace", "Node", "Pod", "PersistentVolume",
	"VolumeAttachment", "ResourceSlice", "CustomResourceDefinition", "AuthorizationConfiguration.apiserver.config.k8s.io",
}

// rbacGroup is the API group of roles and bindings.
const rbacGroup = "rbac.authorization.k8s.io"

// grantFlags are the flags that the sub-commands of grant share.
type grantFlags struct {
	inputFlags
	output      string
	colour      string
	groups      []string
	name        string
	sub         string
	noBootstrap bool
}

func (f *grantFlags) add(cmd *cobra.Command) {
	f.inputFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVarP(&f.output, "output", "o", "text", "format: text, json")
	fl.StringVar(&f.colour, "color", "auto", "colour: auto, always, never")
	fl.BoolVar(&f.noBootstrap, "no-bootstrap", false, "do not suppose the roles and bindings that every cluster is born with")
	fl.Lookup("namespace").Usage = "namespace of the question (default: every namespace at once)"
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *grantFlags) addTarget(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.name, "name", "", "name of the object (default: any)")
	fl.StringVar(&f.sub, "subresource", "", "sub-resource, as in RESOURCE/SUB")
}

// asked is a Model with what the answers need besides.
type asked struct {
	model     *grant.Model
	resources *grant.Resources
	gaps      []bartizan.Gap
	complete  bool // a whole live cluster was read
	hidden    bool // something that was not read may hold a right
	namespace string
	painter   painter
}

// read reads the input and builds the Model. A live cluster's policy is complete unless only a part of it was asked for.
func (f *grantFlags) read(cmd *cobra.Command, paths []string) (*asked, error) {
	if f.output != "text" && f.output != "json" {
		return nil, usage("--output %s: choose text or json", f.output)
	}
	a := &asked{namespace: f.options.Namespace, painter: newPainter(cmd, f.colour)}
	if f.cluster {
		f.options.Namespace = "" // a binding may name a subject of any namespace
	}
	report, err := f.load(cmd, paths, grantKinds, rule.Version{})
	if err != nil {
		return nil, err
	}
	if err := f.nothingRead(paths, report); err != nil {
		return nil, err
	}
	a.gaps = slices.Concat(report.Gaps, misnamed(report.Objects))
	a.resources = grant.NewResources(report.World)
	note(cmd, a.moved(report.Objects))
	hiding := hiding(a.gaps, report.Objects)
	a.hidden = len(hiding) > 0
	a.complete = f.cluster && f.options.Selector == ""
	a.model = grant.New(report.World, grant.Options{
		Complete:    a.complete,
		Gaps:        hiding,
		Namespace:   a.namespace,
		NoBootstrap: f.noBootstrap,
	})
	a.gaps = append(a.gaps, faultGaps(a.model.Faults())...)
	return a, nil
}

// finish ends a sub-command with the exit code that its answer asks for.
func (a *asked) finish(v grant.Verdict) error {
	switch {
	case v == grant.Unknown:
		return &exitError{code: exitIncomplete}
	case v == grant.Denied:
		return &exitError{code: exitFindings}
	}
	return nil
}

// request makes a question of a verb and a target as they are written.
func (a *asked) request(f *grantFlags, verb, target string) (grant.Request, []string, error) {
	if verb == "" || target == "" {
		return grant.Request{}, nil, usage("the verb or the resource is empty: write for example get pods")
	}
	if strings.HasPrefix(target, "/") {
		if f.name != "" || f.sub != "" || a.namespace != "" {
			return grant.Request{}, nil, usage("%s is a URL: --name, --subresource and -n do not apply to it", target)
		}
		return grant.Request{Verb: verb, Path: target}, nil, nil
	}
	t := a.resources.Parse(target)
	notes := a.unheard(verb)
	if !t.Known && t.Resource.Group == "" {
		notes = append(notes, fmt.Sprintf("no resource %q is known: it is asked about as written; name it as PLURAL.GROUP if it is a custom one", t.Resource.Name))
	}
	switch {
	case f.name != "" && t.Name != "":
		return grant.Request{}, nil, usage("%s names an object already: leave out --name, or write the sub-resource with --subresource", target)
	case f.name != "":
		t.Name = f.name
	}
	switch {
	case f.sub != "" && t.Sub != "" && f.sub != t.Sub:
		return grant.Request{}, nil, usage("%s names a sub-resource already: leave out --subresource", target)
	case f.sub != "":
		t.Sub = f.sub
	}
	if a.namespace != "" && t.Resource.Group == rbacGroup && (verb == "bind" || verb == "escalate") {
		// The API server asks whether a role may be bound, or widened, in the namespace of the binding.
		r := t.Request(verb, a.namespace)
		r.Namespace = a.namespace
		return r, notes, nil
	}
	if a.namespace != "" && !t.Resource.Namespaced && t.Resource.Name != "namespaces" {
		notes = append(notes, fmt.Sprintf("%s are in no namespace: -n %s does not apply", t.Resource.Name, a.namespace))
	}
	return t.Request(verb, a.namespace), notes, nil
}

// unheard remarks on a verb that no API has and no rule names: it may be misspelt.
func (a *asked) unheard(verb string) []string {
	known := []string{
		"*", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection",
		"use", "bind", "escalate", "impersonate", "approve", "sign", "attest",
	}
	if slices.Contains(known, verb) || strings.HasPrefix(verb, "impersonate") || a.model.Named(verb) {
		return nil
	}
	note := fmt.Sprintf("no API has the verb %q and no rule names it: it is asked about as written", verb)
	if lower := strings.ToLower(verb); lower != verb {
		note += "; verbs are in lower case"
	}
	return []string{note}
}
