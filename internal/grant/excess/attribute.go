package excess

import (
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/grant"
)

const (
	rbacGroup          = "rbac.authorization.k8s.io"
	authorizationGroup = "authorization.k8s.io"
	certificatesGroup  = "certificates.k8s.io"
	authentication     = "authentication.k8s.io"
)

// Add attributes one audit record. A request counts once, when it is complete; what has begun and not ended when the log
// ends, as a watch, counts as used all the same. What the authorizers refused is no use, what failed otherwise is.
func (u *Usage) Add(a *event.Audit) {
	u.Records++
	stage := u.text.Of(a.Get(event.Stage))
	if stage == "RequestReceived" || u.refused(a) {
		return
	}
	n := int64(1)
	if stage == "ResponseStarted" {
		n = 0
	}
	u.Requests += n
	at := a.Time()
	user, groups := a.Get(event.UserName), a.Get(event.UserGroups)
	who := a.Get(event.ImpersonatedUser)
	if who.Kind() == event.Object {
		user, groups = who.Get("username"), who.Get("groups")
	}
	if !user.Exists() {
		return
	}
	x := u.cached(a, user.Raw(), groups.Raw())
	if x == nil {
		r := u.request(a)
		if r.Verb == "" {
			return
		}
		doer := u.actor(u.text.Of(user), u.list(groups))
		if doer == nil {
			return
		}
		if x = u.use(doer, r); x == nil {
			return
		}
		if len(u.raw) < maxKinds {
			u.raw[string(u.key)] = x
		}
	}
	x.direct = true
	x.count += n
	name := u.name(a, &x.request)
	u.tick(x, name, at)
	if who.Kind() == event.Object {
		u.impersonated(a, x.request, name, at)
	}
	if companions(&x.request) {
		doer := u.actor(u.text.Of(user), u.list(groups))
		u.besides(a, doer, x.request, name, at)
	}
}

// refused says whether the authorizers did not let a request through. A 403 of admission is none of theirs: then the record
// says that they allowed it.
func (u *Usage) refused(a *event.Audit) bool {
	code := a.Get(event.ResponseStatus).Get("code").Raw()
	if code == "401" {
		return true
	}
	if code != "403" {
		return false
	}
	if u.text.Of(a.Get(event.Annotations).Get("authorization.k8s.io/decision")) == "allow" {
		return false
	}
	u.Forbidden++
	return true
}

// cached finds a kind of request by the text of the record. It leaves the key in u.key.
func (u *Usage) cached(a *event.Audit, user, groups string) *use {
	k := append(u.key[:0], user...)
	k = append(append(k, 0), groups...)
	for _, id := range [...]event.Key{event.Verb, event.APIGroup, event.Resource, event.Subresource, event.Namespace} {
		k = append(append(k, 0), a.Get(id).Raw()...)
	}
	k = append(k, 0)
	if res := a.Get(event.Resource).Raw(); res == "" {
		path, _, _ := strings.Cut(a.Get(event.RequestURI).Raw(), "?")
		k = append(k, path...)
	} else if res == `"namespaces"` {
		k = append(k, a.Get(event.Name).Raw()...)
	}
	u.key = k
	return u.raw[string(k)]
}

// request is what a record asked of the authorizers.
func (u *Usage) request(a *event.Audit) grant.Request {
	t := &u.text
	r := grant.Request{
		Verb: t.Of(a.Get(event.Verb)), Group: t.Of(a.Get(event.APIGroup)), Resource: t.Of(a.Get(event.Resource)),
		Subresource: t.Of(a.Get(event.Subresource)), Namespace: t.Of(a.Get(event.Namespace)),
	}
	if r.Resource == "" {
		raw, _, _ := strings.Cut(t.Of(a.Get(event.RequestURI)), "?")
		if path, err := url.PathUnescape(raw); err == nil {
			raw = path
		}
		if raw == "" {
			return grant.Request{}
		}
		return grant.Request{Verb: r.Verb, Path: raw}
	}
	if r.Group == "" && r.Resource == "namespaces" {
		r.Namespace = u.name(a, &r) // a Namespace object counts as being in itself
		if !single(r.Verb) {
			r.Namespace = ""
		}
	}
	return r
}

func single(verb string) bool {
	return verb != "list" && verb != "watch" && verb != "deletecollection" && verb != "create"
}

// name is the name that the authorizers saw: of an object to be created they see none, though the record tells it.
func (u *Usage) name(a *event.Audit, r *grant.Request) string {
	if r.Path != "" || r.Verb == "create" && r.Subresource == "" {
		return ""
	}
	return u.text.Of(a.Get(event.Name))
}

func (u *Usage) list(v event.Value) (out []string) {
	for item := range v.Items() {
		out = append(out, u.text.Of(item))
	}
	return out
}

// imply notes a request that another one brought with it.
func (u *Usage) imply(a *actor, r grant.Request, at time.Time, why string) {
	if a == nil {
		return
	}
	x := u.use(a, r)
	if x == nil {
		return
	}
	x.implied++
	x.because(why)
	u.tick(x, r.Name, at)
}

// impersonated notes the rights by which the real user became another: those of the constrained form (Kubernetes 1.36) if the
// record says that it applied, else the ones of old.
func (u *Usage) impersonated(a *event.Audit, r grant.Request, name string, at time.Time) {
	doer := u.actor(u.text.Of(a.Get(event.UserName)), u.list(a.Get(event.UserGroups)))
	who := a.Get(event.ImpersonatedUser)
	target := grant.Subject{User: u.text.Of(who.Get("username")), Groups: u.list(who.Get("groups"))}
	why := "to act as " + target.User
	constraint := u.text.Of(a.Root().At("authenticationMetadata", "impersonationConstraint"))
	mode, constrained := strings.CutPrefix(constraint, "impersonate:")
	ask := func(group, resource, sub, namespace, name string) {
		q := grant.Request{Verb: "impersonate", Group: group, Resource: resource, Subresource: sub, Namespace: namespace, Name: name}
		if constrained {
			q.Verb, q.Group = constraint, authentication
		}
		u.imply(doer, q, at, why)
	}
	ns, sa, account := target.ServiceAccount()
	node, isNode := target.Node()
	switch {
	case account:
		ask("", "serviceaccounts", "", ns, sa)
	case isNode && mode == "associated-node":
		ask("", "nodes", "", "", "*")
	case isNode && constrained:
		ask("", "nodes", "", "", node)
	default:
		ask("", "users", "", "", target.User)
	}
	if !given(target) {
		for _, g := range target.Groups {
			ask("", "groups", "", "", g)
		}
		if constrained {
			ask("", "groups", "", "", "*") // of many groups the server first asks for all at once
		}
	}
	if uid := u.text.Of(who.Get("uid")); uid != "" {
		ask(authentication, "uids", "", "", uid)
	}
	for key, values := range who.Get("extra").Members() {
		for v := range values.Items() {
			ask(authentication, "userextras", key, "", u.text.Of(v))
		}
	}
	if constrained {
		r.Verb, r.Name = "impersonate-on:"+mode+":"+r.Verb, name
		u.imply(doer, r, at, why)
	}
}

// given says whether a user has just the groups that the API server gives it by itself: nobody asked for them.
func given(s grant.Subject) bool {
	want := grant.Subject{User: s.User}.Expand().Groups
	_, _, account := s.ServiceAccount()
	_, node := s.Node()
	return (account || node) && !slices.ContainsFunc(s.Groups, func(g string) bool { return !slices.Contains(want, g) })
}

// companions says whether the API server may ask more than the request itself.
func companions(r *grant.Request) bool {
	switch r.Group {
	case "":
		return r.Resource == "pods" && r.Verb == "get" && slices.Contains([]string{"exec", "attach", "portforward"}, r.Subresource)
	case rbacGroup:
		return r.Verb == "create" || r.Verb == "update" || r.Verb == "patch"
	case certificatesGroup:
		return r.Resource == "certificatesigningrequests" && r.Subresource != ""
	case authorizationGroup:
		return r.Verb == "create" && (r.Resource == "subjectaccessreviews" || r.Resource == "localsubjectaccessreviews")
	}
	return false
}

// besides notes what the API server asks besides the request itself: the checks against escalation, the signers of
// certificates, and what somebody else let it ask.
func (u *Usage) besides(a *event.Audit, doer *actor, r grant.Request, name string, at time.Time) {
	for q, why := range u.checks(a, r, name) {
		u.imply(doer, q, at, why)
	}
	if r.Group == authorizationGroup {
		u.review(a, at)
	}
}

func (u *Usage) checks(a *event.Audit, r grant.Request, name string) iter.Seq2[grant.Request, string] {
	return func(yield func(grant.Request, string) bool) {
		q := r
		q.Name = name
		switch r.Resource {
		case "pods":
			q.Verb = "create"
			yield(q, "checked when a connection is upgraded")
		case "roles", "clusterroles":
			q.Verb = "escalate"
			yield(q, "checked when a role is written")
		case "rolebindings", "clusterrolebindings":
			ref := a.Get(event.RequestObject).Get("roleRef")
			q = grant.Request{Verb: "bind", Group: rbacGroup, Namespace: r.Namespace, Name: u.text.Of(ref.Get("name"))}
			kind := u.text.Of(ref.Get("kind"))
			if q.Name == "" {
				q.Name = otherName // the log does not say which role
			}
			for _, res := range []string{"clusterroles", "roles"} {
				if q.Resource = res; kind == "" || strings.EqualFold(kind+"s", res) {
					if !yield(q, "checked when a role is bound") {
						return
					}
				}
			}
		case "certificatesigningrequests":
			verb := map[string]string{"approval": "approve", "status": "sign"}[r.Subresource]
			if verb != "" {
				yield(grant.Request{Verb: verb, Group: certificatesGroup, Resource: "signers", Name: otherName}, "checked when a certificate is approved or signed")
			}
		}
	}
}

// review attributes a right that somebody checked for another: a kubelet, an aggregated API server, a proxy.
func (u *Usage) review(a *event.Audit, at time.Time) {
	spec := a.Spec()
	if spec.Kind() != event.Object {
		u.Hidden++
		return
	}
	if allowed := a.Get(event.ResponseObject).At("status", "allowed"); allowed.Exists() && allowed.Raw() != "true" {
		return
	}
	t := &u.text
	attributes := spec.Get("resourceAttributes")
	q := grant.Request{
		Verb: t.Of(attributes.Get("verb")), Group: t.Of(attributes.Get("group")), Resource: t.Of(attributes.Get("resource")),
		Subresource: t.Of(attributes.Get("subresource")), Namespace: t.Of(attributes.Get("namespace")), Name: t.Of(attributes.Get("name")),
	}
	if path := spec.Get("nonResourceAttributes"); path.Exists() {
		q = grant.Request{Verb: t.Of(path.Get("verb")), Path: t.Of(path.Get("path"))}
	}
	if q.Verb == "" || q.Path == "" && q.Resource == "" {
		return
	}
	u.imply(u.actor(t.Of(spec.Get("user")), u.list(spec.Get("groups"))), q, at, "asked for by "+t.Of(a.Get(event.UserName)))
}
