class_name RLHttpSettings
extends RefCounted
## Whether this process has an HTTP server, and where: from the command line and the project's settings.
##
## A release export has none unless its project says `spacetime_rl/http/in_release_exports=true`.

## Environment variable with a token, from a program that starts the game and must know it.
const TOKEN_VARIABLE := "SPACETIME_HTTP_TOKEN"
## The port unless another is given.
const PORT := 8080
## The address unless another is given.
const HOST := "127.0.0.1"

const _SECTION := "spacetime_rl/http/"
const _OPTION := "--http_port="
const _LOOPBACK: Array[String] = ["127.0.0.1", "localhost", "[::1]"]

var host := HOST
var port := PORT
var token := ""
## One line for each request.
var logs := true
## Where the port is in use, one of the next will do: several games may have been started alike.
var tries_next_ports := false
## Why there is no server; empty where there is one.
var why_off := ""
## Somebody asked for a server: say why there is none.
var is_said := false


func _init(
	arguments: PackedStringArray = OS.get_cmdline_args() + OS.get_cmdline_user_args(), is_debug := OS.is_debug_build()
) -> void:
	host = str(_setting("host", HOST))
	port = int(str(_setting("port", PORT)))
	logs = _switch("log_requests", true)
	token = OS.get_environment(TOKEN_VARIABLE)
	var given := port_given(arguments)
	if given > 0:
		port = given
		tries_next_ports = true
	why_off = _why_off(arguments, given, is_debug)


## The port of the command line; -1 where it gives none. 0 switches the server off.
static func port_given(arguments: PackedStringArray) -> int:
	for argument: String in arguments:
		if argument.begins_with(_OPTION):
			return argument.trim_prefix(_OPTION).to_int()
	return -1


## Whether the boot script has to add a server: for the command line, or for a project that wants one always.
static func is_wanted(arguments: PackedStringArray) -> bool:
	return port_given(arguments) > 0 or _switch("enabled", false)


## Whether a request may name this host. A browser that was led to this port by another name is refused.
func allows_host(name: String) -> bool:
	if host != HOST:
		return true
	var bare := name.left(name.rfind(":")) if name.rfind(":") > name.rfind("]") else name
	return bare == "" or bare.to_lower() in _LOOPBACK


func _why_off(arguments: PackedStringArray, given: int, is_debug: bool) -> String:
	is_said = given > 0 or _switch("enabled", false)
	if not is_debug and not _switch("in_release_exports", false):
		return "a release export has no server unless its project sets %sin_release_exports" % _SECTION
	if given == 0 or not _switch("enabled", true):
		return "it was switched off"
	if given < 0 and RLOptions.new(arguments).port > 0:
		return "a training has one only with %sPORT" % _OPTION
	if port < 1 or port > 65535:
		is_said = true
		return "the port is %d; expected 1 to 65535" % port
	for character: String in token:
		if character < "!" or character > "~":
			is_said = true
			return "%s has characters that no request can repeat; expected ASCII without spaces" % TOKEN_VARIABLE
	return ""


static func _switch(name: String, otherwise: bool) -> bool:
	var value: bool = _setting(name, otherwise)
	return value


static func _setting(name: String, otherwise: Variant) -> Variant:
	return ProjectSettings.get_setting(_SECTION + name, otherwise)
