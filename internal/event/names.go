package event

// known is a key as the API server writes it, with its quotes and colon.
type known struct {
	written string
	key     Key
}

// record are the keys of a record in the order in which the API server writes them; that order is tried first.
var record = []known{
	{`"kind":`, none}, {`"apiVersion":`, none}, {`"level":`, Level}, {`"auditID":`, AuditID}, {`"stage":`, Stage},
	{`"requestURI":`, RequestURI}, {`"verb":`, Verb}, {`"user":`, User}, {`"impersonatedUser":`, ImpersonatedUser},
	{`"sourceIPs":`, SourceIPs}, {`"userAgent":`, UserAgent}, {`"objectRef":`, ObjectRef}, {`"responseStatus":`, ResponseStatus},
	{`"requestObject":`, RequestObject}, {`"responseObject":`, ResponseObject}, {`"requestReceivedTimestamp":`, RequestReceived},
	{`"stageTimestamp":`, StageTimestamp}, {`"annotations":`, Annotations},
}

// inside are the values within which there are known ones: their names, and the first and the last of their Keys.
var inside = [keys + 1]struct {
	names       []known
	first, last Key
}{
	User: {[]known{{`"username":`, UserName}, {`"uid":`, none}, {`"groups":`, UserGroups}, {`"extra":`, none}}, UserName, UserGroups},
	ObjectRef: {[]known{{`"resource":`, Resource}, {`"namespace":`, Namespace}, {`"name":`, Name}, {`"uid":`, none}, {`"apiGroup":`, APIGroup},
		{`"apiVersion":`, none}, {`"resourceVersion":`, none}, {`"subresource":`, Subresource}}, Resource, APIGroup},
	ResponseStatus: {[]known{{`"metadata":`, none}, {`"status":`, none}, {`"message":`, none}, {`"reason":`, ResponseReason},
		{`"details":`, none}, {`"code":`, ResponseCode}}, ResponseCode, ResponseReason},
	RequestObject: {[]known{{`"kind":`, none}, {`"apiVersion":`, none}, {`"metadata":`, none}, {`"spec":`, RequestSpec}, {`"rules":`, RequestRules},
		{`"subjects":`, RequestSubjects}, {`"roleRef":`, RequestRoleRef}, {`"data":`, RequestData}}, RequestSpec, RequestData},
}
