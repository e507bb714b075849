class_name RLLocalSession
extends RLSession
## No network: a person or the agents' heuristics play, one episode after another.

var _bridge: RLBridge


func _init(bridge: RLBridge) -> void:
	_bridge = bridge


func exchange() -> void:
	if _bridge.roster.has_begun():
		_bridge.roster.update_state()
	else:
		_bridge.roster.begin_all()
	_bridge.assignment.act()
