class_name RLSession
extends RefCounted
## Who decides for the agents: a peer in binary, a stock peer in JSON, or the scene itself. One exchange per decision.

## The conversation is over.
var over := false
## Exit code of the process when it is over.
var exit_code := 0


## Override: report the last decision and wait until every active agent has its next action; or set `over`.
func exchange() -> void:
	pass


## Override: the scene was loaded anew. Go on with its bridge: report the state that its roster has.
func go_on_with(_bridge: RLBridge) -> void:
	pass


## Override: whether the last decision has yet to be reported.
func owes_state() -> bool:
	return false


## Override: tell the other side why the process is about to end.
func fail(_message: String) -> void:
	pass
