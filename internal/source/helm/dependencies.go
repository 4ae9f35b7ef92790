package helm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// The meaning of Chart.yaml's dependencies: which of the sub-charts in charts/ take part, under which
// names, and which of their values their parent sees. Helm's own package for this also unpacks archives to
// disk and writes charts; none of that is wanted here.

// settle applies the dependencies of a chart and of all its sub-charts.
func (r *renderer) settle(given map[string]any) error {
	inOrder(r.chart)
	if err := r.choose(r.chart, given, ""); err != nil {
		return err
	}
	return importValues(r.chart)
}

// inOrder sorts sub-charts, which Helm's loader leaves in an order of chance.
func inOrder(c *chart.Chart) {
	subs := slices.Clone(c.Dependencies())
	slices.SortStableFunc(subs, func(a, b *chart.Chart) int {
		return cmp.Or(strings.Compare(a.Name(), b.Name()), strings.Compare(a.Metadata.Version, b.Metadata.Version))
	})
	c.SetDependencies(subs...)
	for _, sub := range subs {
		inOrder(sub)
	}
}

// choose keeps the sub-charts that are switched on. prefix is the path of the chart's own values.
func (r *renderer) choose(c *chart.Chart, given map[string]any, prefix string) error {
	wanted := slices.DeleteFunc(c.Metadata.Dependencies, func(d *chart.Dependency) bool { return d == nil })
	if len(wanted) == 0 {
		return nil
	}
	here := c.Dependencies()
	// Sub-charts that Chart.yaml does not mention take part, too.
	taking := slices.DeleteFunc(slices.Clone(here), func(sub *chart.Chart) bool {
		return slices.ContainsFunc(wanted, func(d *chart.Dependency) bool { return satisfies(sub, d) })
	})
	found := make([]bool, len(wanted))
	for i, d := range wanted {
		if at := slices.IndexFunc(here, func(sub *chart.Chart) bool { return satisfies(sub, d) }); at >= 0 {
			found[i] = true
			taking = append(taking, named(here[at], d.Alias))
		}
	}
	absent := missing(here, wanted, found)
	for _, d := range wanted {
		if d.Alias != "" {
			d.Name = d.Alias
		}
	}
	c.SetDependencies(taking...)
	values, err := util.CoalesceValues(c, given)
	if err != nil {
		return err
	}
	off := map[string]bool{}
	for i, d := range wanted {
		if d.Enabled = enabled(d, values, prefix); !d.Enabled {
			off[d.Name] = true
		} else if !found[i] {
			r.problem(problem{Reason: absent[i]})
		}
	}
	c.Metadata.Dependencies = slices.DeleteFunc(wanted, func(d *chart.Dependency) bool { return off[d.Name] })
	taking = slices.DeleteFunc(taking, func(sub *chart.Chart) bool { return off[sub.Name()] })
	for _, sub := range taking {
		if err := r.choose(sub, values, prefix+sub.Name()+"."); err != nil {
			return err
		}
	}
	c.SetDependencies(taking...)
	return nil
}

// missing words, for each dependency that no sub-chart satisfies, what to do about it.
func missing(here []*chart.Chart, wanted []*chart.Dependency, found []bool) []string {
	reasons := make([]string, len(wanted))
	for i, d := range wanted {
		switch {
		case found[i]:
		case slices.ContainsFunc(here, func(sub *chart.Chart) bool { return sub.Name() == d.Name }):
			reasons[i] = fmt.Sprintf("dependency %s in charts/ is not of version %s: its objects were not judged; run `helm dependency update`",
				d.Name, d.Version)
		default:
			reasons[i] = fmt.Sprintf("dependency %s %s is not in charts/: its objects were not judged; run `helm dependency build`",
				d.Name, d.Version)
		}
	}
	return reasons
}

func satisfies(sub *chart.Chart, d *chart.Dependency) bool {
	return sub != nil && sub.Name() == d.Name && inRange(d.Version, sub.Metadata.Version)
}

// inRange says whether a version satisfies a constraint such as "~1.2" or ">= 1.25.0-0".
func inRange(constraint, version string) bool {
	v, err := semver.NewVersion(version)
	if err != nil {
		return false
	}
	c, err := semver.NewConstraint(constraint)
	return err == nil && c.Check(v)
}

// named is a copy of a sub-chart that can have a name and values of its own: one chart may take part
// several times.
func named(sub *chart.Chart, alias string) *chart.Chart {
	out, meta := *sub, *sub.Metadata
	meta.Dependencies = nil
	for _, d := range sub.Metadata.Dependencies {
		if d != nil {
			own := *d
			meta.Dependencies = append(meta.Dependencies, &own)
		}
	}
	if alias != "" {
		meta.Name = alias
	}
	out.Metadata = &meta
	out.SetDependencies()
	for _, d := range sub.Dependencies() {
		own := *d
		out.AddDependency(&own)
	}
	return &out
}

// enabled decides by the tags and then by the first condition that the values hold.
func enabled(d *chart.Dependency, values common.Values, prefix string) bool {
	on := true
	if tags, err := values.Table("tags"); err == nil {
		set, unset := false, false
		for _, t := range d.Tags {
			if b, ok := tags[t].(bool); ok {
				set, unset = set || b, unset || !b
			}
		}
		on = set || !unset
	}
	for c := range strings.SplitSeq(strings.TrimSpace(d.Condition), ",") {
		if c == "" {
			continue
		}
		if v, err := values.PathValue(prefix + c); err == nil {
			if b, ok := v.(bool); ok {
				return b
			}
		}
	}
	return on
}

// importValues gives parents the values of sub-charts that their import-values name, innermost first. What
// the parent sets itself wins.
func importValues(c *chart.Chart) error {
	for _, sub := range c.Dependencies() {
		if err := importValues(sub); err != nil {
			return err
		}
	}
	if len(c.Metadata.Dependencies) == 0 {
		return nil
	}
	values, err := util.MergeValues(c, nil)
	if err != nil {
		return err
	}
	imported := map[string]any{}
	for _, d := range c.Metadata.Dependencies {
		for _, imp := range d.ImportValues {
			child, parent := importPaths(imp)
			if child == "" {
				continue
			}
			if table, err := values.Table(d.Name + "." + child); err == nil {
				imported = util.MergeTables(imported, nested(parent, table.AsMap()))
			}
		}
	}
	own, _ := plain(values.AsMap()).(map[string]any)
	c.Values = util.MergeTables(own, imported)
	return nil
}

// importPaths reads one entry of import-values: {child: path, parent: path}, or a name below exports.
func importPaths(imp any) (child, parent string) {
	switch imp := imp.(type) {
	case string:
		return "exports." + imp, "."
	case map[string]any:
		return fmt.Sprint(imp["child"]), fmt.Sprint(imp["parent"])
	}
	return "", ""
}

// nested puts a table at a dotted path.
func nested(path string, table map[string]any) map[string]any {
	if path == "." {
		return table
	}
	keys := strings.Split(path, ".")
	for _, k := range slices.Backward(keys) {
		table = map[string]any{k: table}
	}
	return table
}
