package alert

import (
	"slices"
	"strings"
)

// tactics are ATT&CK's, in the order in which an attack goes.
var tactics = []string{
	"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation", "defense-evasion",
	"credential-access", "discovery", "lateral-movement", "collection", "command-and-control", "exfiltration", "impact",
}

// techniqueTactic gives the tactic that a technique mostly serves, for those without a tag that says it.
var techniqueTactic = map[string]string{
	"T1190": "initial-access", "T1133": "initial-access", "T1078": "initial-access", "T1199": "initial-access", "T1195": "initial-access",
	"T1609": "execution", "T1610": "execution", "T1053": "execution", "T1204": "execution", "T1059": "execution", "T1106": "execution",
	"T1098": "persistence", "T1136": "persistence", "T1543": "persistence", "T1525": "persistence", "T1505": "persistence", "T1546": "persistence", "T1547": "persistence",
	"T1611": "privilege-escalation", "T1068": "privilege-escalation", "T1548": "privilege-escalation", "T1055": "privilege-escalation",
	"T1612": "defense-evasion", "T1562": "defense-evasion", "T1070": "defense-evasion", "T1036": "defense-evasion", "T1550": "defense-evasion",
	"T1027": "defense-evasion", "T1222": "defense-evasion", "T1564": "defense-evasion", "T1620": "defense-evasion",
	"T1110": "credential-access", "T1528": "credential-access", "T1552": "credential-access", "T1555": "credential-access", "T1003": "credential-access",
	"T1613": "discovery", "T1046": "discovery", "T1069": "discovery", "T1087": "discovery", "T1083": "discovery", "T1082": "discovery", "T1057": "discovery", "T1518": "discovery", "T1580": "discovery",
	"T1021": "lateral-movement", "T1570": "lateral-movement", "T1210": "lateral-movement", "T1563": "lateral-movement",
	"T1005": "collection", "T1074": "collection", "T1530": "collection", "T1213": "collection",
	"T1071": "command-and-control", "T1090": "command-and-control", "T1105": "command-and-control", "T1572": "command-and-control", "T1571": "command-and-control",
	"T1041": "exfiltration", "T1048": "exfiltration", "T1567": "exfiltration", "T1020": "exfiltration",
	"T1485": "impact", "T1489": "impact", "T1490": "impact", "T1496": "impact", "T1498": "impact", "T1499": "impact", "T1565": "impact", "T1561": "impact",
}

// matrixTactic gives the tactic of a technique of Microsoft's threat matrix: each stands under the last number that is
// not above its own.
var matrixTactic = []struct{ first, tactic string }{
	{"MS-TA9001", "initial-access"}, {"MS-TA9006", "execution"}, {"MS-TA9012", "persistence"}, {"MS-TA9018", "privilege-escalation"},
	{"MS-TA9021", "defense-evasion"}, {"MS-TA9025", "credential-access"}, {"MS-TA9029", "discovery"}, {"MS-TA9034", "lateral-movement"},
	{"MS-TA9037", "collection"}, {"MS-TA9038", "impact"}, {"MS-TA9041", "collection"}, {"MS-TA9042", ""},
}

// Techniques are the ids of techniques among tags, as ATT&CK and Microsoft's matrix write them.
func Techniques(tags []string) (ids []string) {
	for _, tag := range tags {
		if tag = strings.ToUpper(tag); isTechnique(tag) && !slices.Contains(ids, tag) {
			ids = append(ids, tag)
		}
	}
	return ids
}

func isTechnique(tag string) bool {
	digits, ok := strings.CutPrefix(tag, "T")
	if !ok {
		if digits, ok = strings.CutPrefix(tag, "MS-TA"); !ok {
			return false
		}
	}
	whole, part, dotted := strings.Cut(digits, ".")
	return len(whole) == 4 && strings.Trim(whole, "0123456789") == "" &&
		(!dotted || len(part) == 3 && strings.Trim(part, "0123456789") == "")
}

// Tactics are what the tags of a rule say that it is a sign of, in the order in which an attack goes. A tag may name a
// tactic itself, as Falco's do ("mitre_persistence"), or a technique.
func Tactics(tags []string) (found []string) {
	for _, tag := range tags {
		name := strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(tag), "mitre_"), "_", "-")
		if slices.Contains(tactics, name) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		for _, id := range Techniques(tags) {
			if t := tacticOf(id); t != "" {
				found = append(found, t)
			}
		}
	}
	return inOrder(found)
}

func tacticOf(technique string) (tactic string) {
	if !strings.HasPrefix(technique, "MS-") {
		id, _, _ := strings.Cut(technique, ".")
		return techniqueTactic[id]
	}
	for _, m := range matrixTactic {
		if m.first <= technique {
			tactic = m.tactic
		}
	}
	return tactic
}

// inOrder sorts tactics as an attack goes, each once.
func inOrder(names []string) []string {
	slices.SortFunc(names, func(a, b string) int { return slices.Index(tactics, a) - slices.Index(tactics, b) })
	return slices.Compact(names)
}
