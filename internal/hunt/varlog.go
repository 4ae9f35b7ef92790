package hunt

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// varLogStep plants a symbolic link in the node's /var/log, where the pod has it writable, and reads through the kubelet
// what it leads to.
const (
	varLogStep = "pod-var-log"
	linkTarget = "/etc/os-release" // every node has it, and it is no secret
	maxLinks   = 4
	maxNodes   = 64
)

var varLog = regexp.MustCompile(`^(?:/var)?/log(/|$)`)

// reader is a way to the node's logs.
type reader struct {
	actor
	path string // of the node's /var/log
}

// link takes the step at every mount of the node's /var/log and through every way that the scope allows.
func (s *Source) link(ctx context.Context, all []actor, emit func(bartizan.Item) error) error {
	p, scope := s.options.Pod, s.options.Active.Scope
	if p == nil {
		return nil
	}
	if !slices.Contains(scope.Actions, varLogStep) {
		return emit(missing("active steps that were not taken: the scope does not list the action "+varLogStep, true))
	}
	var readers []reader
	for _, who := range all {
		if who.kind != Kubelet && who.as != AsPod || scope.allows(varLogStep, who.target, s.options.Active.Now()) != "" {
			continue
		}
		if who.kind == Kubelet {
			readers = append(readers, reader{who, "/logs/"})
		} else if node := p.node(ctx, who.endpoint); node != "" {
			readers = append(readers, reader{who, "/api/v1/nodes/" + node + "/proxy/logs/"})
		}
	}
	readers = readers[:min(len(readers), maxNodes)]
	links := 0
	for _, m := range p.mounts() {
		if !varLog.MatchString(m.Source) || !m.Writable || links == maxLinks {
			continue
		}
		links++
		if len(readers) == 0 {
			return emit(missing(varLogStep+": name the node's kubelet as a target and in the scope, or write podToken: true there: there is no way to read what a link leads to", false))
		}
		if err := s.linkIn(ctx, m, readers, emit); err != nil {
			return err
		}
	}
	return nil
}

// linkIn plants a link in one mount, reads it in every way, and removes it.
func (s *Source) linkIn(ctx context.Context, m mount, readers []reader, emit func(bartizan.Item) error) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p, trail := s.options.Pod, s.options.Active.Trail
	mark := newMark()
	file := path.Join(m.Path, marker+mark)
	planted := Entry{Event: "do", Step: varLogStep, Target: p.title(), Service: OwnPod, As: AsPod, Server: p.title(), Mark: mark,
		Request: "LINK " + file + " to " + linkTarget, Undo: []string{unlink + file}}
	if err := trail.add(planted); err != nil {
		return err
	}
	if err := os.Symlink(linkTarget, filepath.Join(p.Root, file)); err != nil {
		refused := trail.add(Entry{Event: "done", Step: varLogStep, Target: p.title(), Note: brief(err)})
		return joined(refused, emit(missing(fmt.Sprintf("active steps that were not taken: no link could be made in %s: %v", m.Path, brief(err)), true)))
	}
	defer func() {
		if _, fault := p.removeLink(trail, file, mark); fault != nil {
			err = joined(err, emit(missing(fmt.Sprintf("%s: %v; try bartizan hunt --revert with the trail, or remove it by hand", varLogStep, fault), false)))
		}
	}()
	if err := trail.add(Entry{Event: "done", Step: varLogStep, Target: p.title(), Effect: true}); err != nil {
		return err
	}
	_, below, _ := strings.Cut(m.Source, "/log")
	for _, r := range readers {
		get := request("GET", r.path+strings.TrimPrefix(path.Join(below, marker+mark), "/"), "")
		_, t, err := s.do(ctx, r.actor, receipt{step: varLogStep, mark: mark}, []ask{get})
		if err := s.emitStep(ctx, t, err, emit); err != nil {
			return err
		}
	}
	return nil
}

// unlink begins the receipt of a link.
const unlink = "UNLINK "

// removeLink removes a link that a hunt planted, and nothing else.
func (p *Pod) removeLink(trail *Trail, file, mark string) (gone bool, err error) {
	entry := Entry{Event: "undo", Step: varLogStep, Target: p.title(), Service: OwnPod, As: AsPod, Server: p.title(), Mark: mark, Undo: []string{unlink + file}}
	_ = trail.add(entry)
	name := filepath.Join(p.Root, file)
	to, err := os.Readlink(name)
	switch {
	case os.IsNotExist(err):
		gone = true
	case err == nil && to == linkTarget:
		if err := os.Remove(name); err != nil {
			return false, fmt.Errorf("remove the link %s: %w", file, err)
		}
	default:
		return false, fmt.Errorf("%s is no link that a hunt made: it is left alone", file)
	}
	entry.Event = "undone"
	return gone, trail.add(entry)
}

// title names the pod, so that it is known again.
func (p *Pod) title() string {
	namespace := plainText(strings.TrimSpace(p.file(accountDir+"/namespace", 256)), 63)
	return "pod " + namespace + "/" + plainText(p.env("HOSTNAME"), 253)
}

// mounts are the directories of the node that the pod has.
func (p *Pod) mounts() []mount { return hostMounts(p.file("proc/self/mountinfo", 4<<20)) }

// node asks for the name of the pod's node.
func (p *Pod) node(ctx context.Context, e *endpoint) string {
	namespace, name, _ := strings.Cut(strings.TrimPrefix(p.title(), "pod "), "/")
	if !validHost(namespace) || !validHost(name) {
		return ""
	}
	w, err := e.send(ctx, request("GET", "/api/v1/namespaces/"+namespace+"/pods/"+name, ""))
	if err != nil {
		return ""
	}
	if node := textAt(w.Body, "spec", "nodeName"); validHost(node) && strings.Trim(node, ".") == node {
		return node
	}
	return ""
}
