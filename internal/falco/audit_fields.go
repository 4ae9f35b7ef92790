package falco

import "github.com/bartizan-dev/bartizan/internal/event"

// Audit is the source k8s_audit: the records of the API server's audit log.
func Audit() *Source {
	s := &Source{Name: "k8s_audit", Doc: "audit records of the Kubernetes API server", keys: []string{"ka.stage", "ka.verb", "ka.target.resource", "ka.response.code", "ka.user.name", "ka.impuser.name"}, same: sameAudit}
	s.Fields = append(s.Fields, auditFields...)
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		for _, c := range containerFields {
			s.Fields = append(s.Fields, c.field(list))
		}
	}
	s.Fields = append(s.Fields, eventFields...)
	return s.index()
}

// sameAudit knows the JSON Pointers of values that have a field of their own.
func sameAudit(name, key string) (string, bool) {
	if name != "jevt.value" && name != "json.value" {
		return "", false
	}
	switch key {
	case "/stage":
		return "ka.stage", true
	case "/verb":
		return "ka.verb", true
	case "/objectRef/resource":
		return "ka.target.resource", true
	case "/objectRef/subresource":
		return "ka.target.subresource", true
	case "/objectRef/namespace":
		return "ka.target.namespace", true
	case "/objectRef/name":
		return "ka.target.name", true
	case "/user/username":
		return "ka.user.name", true
	case "/requestURI":
		return "ka.uri", true
	case "/userAgent":
		return "ka.useragent", true
	}
	return "", false
}

const (
	metadata = "Metadata"
	request  = "Request"
	response = "RequestResponse"
)

var auditFields = []Field{
	{"ka.auditid", StringType, false, NoArg, metadata, "the identifier that all stages of one request share", known(event.AuditID)},
	{"ka.stage", StringType, false, NoArg, metadata, "how far the request was handled: RequestReceived, ResponseStarted, ResponseComplete or Panic", known(event.Stage)},
	{"ka.level", StringType, false, NoArg, metadata, "how much the audit policy had recorded: Metadata, Request or RequestResponse (only here)", known(event.Level)},
	{"ka.auth.decision", StringType, false, NoArg, metadata, "what authorisation decided: allow or forbid", annotation("authorization.k8s.io/decision")},
	{"ka.auth.reason", StringType, false, NoArg, metadata, "why authorisation decided so", annotation("authorization.k8s.io/reason")},
	{"ka.auth.openshift.decision", StringType, false, NoArg, metadata, "what OpenShift's authentication decided", annotation("authentication.openshift.io/decision")},
	{"ka.auth.openshift.username", StringType, false, NoArg, metadata, "the user whom OpenShift authenticated", annotation("authentication.openshift.io/username")},
	{"ka.validations.admission.policy.failure", StringType, false, NoArg, metadata, "which ValidatingAdmissionPolicy failed and why", annotation("validation.policy.admission.k8s.io/validation_failure")},
	{"ka.security.pod.violations", StringType, false, NoArg, metadata, "what Pod Security Admission, in audit mode, found wrong", annotation("pod-security.kubernetes.io/audit-violations")},
	{"ka.user.name", StringType, false, NoArg, metadata, "who asked", known(event.UserName)},
	{"ka.user.groups", StringType, true, NoArg, metadata, "the groups of who asked", strs(event.UserGroups)},
	{"ka.impuser.name", StringType, false, NoArg, metadata, "whom the user acted as, by impersonation", valueAt(event.ImpersonatedUser, "username")},
	{"ka.verb", StringType, false, NoArg, metadata, "what was asked for: get, list, watch, create, update, patch, delete, deletecollection", known(event.Verb)},
	{"ka.uri", StringType, false, NoArg, metadata, "the request's path and query, as the client sent it", known(event.RequestURI)},
	{"ka.uri.param", StringType, false, NeedsKey, metadata, "the first value of a parameter in the query", uriParam},
	{"ka.target.name", StringType, false, NoArg, metadata, "the name of the object asked for", known(event.Name)},
	{"ka.target.namespace", StringType, false, NoArg, metadata, "the namespace of the object asked for", known(event.Namespace)},
	{"ka.target.resource", StringType, false, NoArg, metadata, "the resource asked for, as pods", known(event.Resource)},
	{"ka.target.subresource", StringType, false, NoArg, metadata, "the part of the object asked for, as exec", known(event.Subresource)},
	{"ka.target.group", StringType, false, NoArg, metadata, "the API group of the resource (only here)", known(event.APIGroup)},
	{"ka.target.pod.name", StringType, false, NoArg, metadata, "the name of the pod asked for; of a pod just created, the name that it was given", podName},
	{"ka.req.binding.subjects", StringType, true, NoArg, request, "the subjects of the binding sent, each as JSON", strs(event.RequestSubjects)},
	{"ka.req.binding.subjects.user_names", StringType, true, NoArg, request, "the users that the binding sent names", subjects("User", false)},
	{"ka.req.binding.subjects.serviceaccount_names", StringType, true, NoArg, request, "the service accounts that the binding sent names", subjects("ServiceAccount", false)},
	{"ka.req.binding.subjects.serviceaccount_ns_names", StringType, true, NoArg, request, "the service accounts that the binding sent names, as NAMESPACE:NAME", subjects("ServiceAccount", true)},
	{"ka.req.binding.subjects.group_names", StringType, true, NoArg, request, "the groups that the binding sent names", subjects("Group", false)},
	{"ka.req.binding.role", StringType, false, NoArg, request, "the role that the binding sent gives", valueAt(event.RequestRoleRef, "name")},
	{"ka.req.binding.subject.has_name", StringType, false, NeedsKey, request, "always true; deprecated", always("true")},
	{"ka.req.configmap.name", StringType, false, NoArg, metadata, "the name of the object asked for", known(event.Name)},
	{"ka.req.configmap.obj", StringType, false, NoArg, request, "the data of the ConfigMap sent, as JSON", known(event.RequestData)},
	{"ka.req.container.image", StringType, false, NoArg, request, "the image of the first container of the pod sent; deprecated", firstImage(false)},
	{"ka.req.container.image.repository", StringType, false, NoArg, request, "the same without tag and digest; deprecated", firstImage(true)},
	{"ka.req.container.host_network", StringType, false, NoArg, request, "the same as ka.req.pod.host_network; deprecated", spec("hostNetwork")},
	{"ka.req.container.privileged", StringType, false, NoArg, request, "whether any container of the pod sent is privileged; deprecated", anyPrivileged},
	{"ka.req.pod.host_ipc", StringType, false, NoArg, request, "hostIPC of the pod sent", spec("hostIPC")},
	{"ka.req.pod.host_network", StringType, false, NoArg, request, "hostNetwork of the pod sent", spec("hostNetwork")},
	{"ka.req.pod.host_pid", StringType, false, NoArg, request, "hostPID of the pod sent", spec("hostPID")},
	{"ka.req.pod.run_as_user", StringType, false, NoArg, request, "runAsUser of the pod sent", spec("securityContext", "runAsUser")},
	{"ka.req.pod.run_as_group", StringType, false, NoArg, request, "runAsGroup of the pod sent", spec("securityContext", "runAsGroup")},
	{"ka.req.pod.fs_group", StringType, false, NoArg, request, "fsGroup of the pod sent", spec("securityContext", "fsGroup")},
	{"ka.req.pod.supplemental_groups", StringType, true, NoArg, request, "supplementalGroups of the pod sent", specList("securityContext", "supplementalGroups")},
	{"ka.req.pod.volumes.hostpath", StringType, true, MayIndex, request, "the host's paths that the pod sent mounts", each("volumes", "hostPath", "path")},
	{"ka.req.volume.hostpath", StringType, false, NeedsKey, request, "whether the pod sent mounts this path of the host, or one that begins with what stands before a final *; deprecated", mountsPath},
	{"ka.req.pod.volumes.flexvolume_driver", StringType, true, MayIndex, request, "the drivers of the pod's FlexVolumes", each("volumes", "flexVolume", "driver")},
	{"ka.req.pod.volumes.volume_type", StringType, true, MayIndex, request, "the types of the volumes of the pod sent, as hostPath", volumeTypes},
	{"ka.req.role.rules", StringType, true, NoArg, request, "the rules of the role sent, each as JSON", strs(event.RequestRules)},
	{"ka.req.role.rules.apiGroups", StringType, true, MayIndex, request, "the API groups in the rules of the role sent", roleRules("apiGroups")},
	{"ka.req.role.rules.nonResourceURLs", StringType, true, MayIndex, request, "the URLs in the rules of the role sent", roleRules("nonResourceURLs")},
	{"ka.req.role.rules.verbs", StringType, true, MayIndex, request, "the verbs in the rules of the role sent", roleRules("verbs")},
	{"ka.req.role.rules.resources", StringType, true, MayIndex, request, "the resources in the rules of the role sent", roleRules("resources")},
	{"ka.req.service.type", StringType, false, NoArg, request, "the type of the Service sent", spec("type")},
	{"ka.req.service.ports", StringType, true, MayIndex, request, "the ports of the Service sent, each as JSON", servicePorts},
	{"ka.req.csr.common_name", StringType, false, NoArg, request, "the user name that the certificate request sent asks for (only here)", csrName},
	{"ka.req.csr.organizations", StringType, true, NoArg, request, "the groups that the certificate request sent asks for (only here)", csrGroups},
	{"ka.resp.name", StringType, false, NoArg, response, "the name of the object in the response", valueAt(event.ResponseObject, "metadata", "name")},
	{"ka.response.code", StringType, false, NoArg, metadata, "the HTTP status of the response", known(event.ResponseCode)},
	{"ka.response.reason", StringType, false, NoArg, metadata, "why the request failed, as NotFound", known(event.ResponseReason)},
	{"ka.useragent", StringType, false, NoArg, metadata, "how the client calls itself", known(event.UserAgent)},
	{"ka.sourceips", StringType, true, MayIndex, metadata, "the addresses that the request came from and through", sourceIPs},
	{"ka.cluster.name", StringType, false, NoArg, metadata, "the name of the cluster, as the record's annotation cluster_name has it, or as it was configured", clusterName},
	{"json.value", StringType, false, NeedsKey, metadata, "the value at a JSON Pointer in the record", pointed},
	{"json.obj", StringType, false, NoArg, metadata, "the whole record as JSON", wholeRecord},
	{"json.rawtime", StringType, false, NoArg, metadata, "the event's time in nanoseconds since 1970; -1 if it has none", rawTime},
	{"jevt.value", StringType, false, NeedsKey, metadata, "the same as json.value", pointed},
	{"jevt.obj", StringType, false, NoArg, metadata, "the same as json.obj", wholeRecord},
	{"jevt.rawtime", StringType, false, NoArg, metadata, "the same as json.rawtime", rawTime},
	{"jevt.time", StringType, false, NoArg, metadata, "the event's time of day", timeOfDay},
	{"jevt.time.iso8601", StringType, false, NoArg, metadata, "the event's date and time in ISO 8601", isoTime},
}

// containerFields are there once for each of a pod's lists of containers.
var containerFields = []containerField{
	{"name", "the names", names},
	{"command", "the commands, each with blanks between its words,", joined("command")},
	{"args", "the arguments, each with blanks between its words,", joined("args")},
	{"image", "the images", images(false)},
	{"image.repository", "the images without tag and digest", images(true)},
	{"host_port", "hostPort of all ports, or containerPort where there is none", hostPorts},
	{"privileged", "the flag privileged", inEach("securityContext", "privileged")},
	{"allow_privilege_escalation", "the flag allowPrivilegeEscalation", inEach("securityContext", "allowPrivilegeEscalation")},
	{"read_only_fs", "the flag readOnlyRootFilesystem", inEach("securityContext", "readOnlyRootFilesystem")},
	{"run_as_user", "runAsUser", inEach("securityContext", "runAsUser")},
	{"eff_run_as_user", "the user that counts: the container's, or the pod's, or 0", effective("runAsUser")},
	{"run_as_group", "runAsGroup", inEach("securityContext", "runAsGroup")},
	{"eff_run_as_group", "the group that counts: the container's, or the pod's, or 0", effective("runAsGroup")},
	{"proc_mount", "procMount", inEach("securityContext", "procMount")},
	{"add_capabilities", "the capabilities added", addedCapabilities},
}

// eventFields are there for events of every source.
var eventFields = []Field{
	{"evt.num", UintType, false, NoArg, metadata, "the event's number, from 1", eventNumber},
	{"evt.time", StringType, false, NoArg, metadata, "the event's time of day, to the nanosecond", timeOfDay},
	{"evt.time.iso8601", StringType, false, NoArg, metadata, "the event's date and time in ISO 8601", isoTime},
	{"evt.datetime", StringType, false, NoArg, metadata, "the event's date and time", dateTime},
	{"evt.rawtime", UintType, false, NoArg, metadata, "the event's time in nanoseconds since 1970", rawTimeNumber},
	{"evt.rawtime.s", UintType, false, NoArg, metadata, "the event's time in whole seconds since 1970", rawSeconds},
	{"evt.type", StringType, false, NoArg, metadata, "pluginevent for an audit record", always("pluginevent")},
	{"evt.source", StringType, false, NoArg, metadata, "the name of the source", always("k8s_audit")},
	{"evt.hostname", StringType, false, NoArg, metadata, "the host that saw the event", missing},
	{"evt.pluginname", StringType, false, NoArg, metadata, "k8saudit for an audit record", always("k8saudit")},
	{"evt.plugininfo", StringType, false, NoArg, metadata, "a summary of the event: who did what to what", summary},
}
