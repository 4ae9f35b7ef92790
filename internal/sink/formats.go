package sink

// formats names the sinks: the one list of formats, a file each.
var formats = map[string]Maker{
	"csv":         newCSV,
	"gitlab":      newGitLab,
	"html":        newHTML,
	"json":        newJSON,
	"jsonl":       newJSONL,
	"junit":       newJUnit,
	"markdown":    newMarkdown,
	"openreports": newOpenReports,
	"oscal":       newOSCAL,
	"sarif":       newSARIF,
	"text":        newText,
}
