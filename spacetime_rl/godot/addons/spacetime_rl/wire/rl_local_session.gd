class_name RLLocalSession
extends RLSession
## No network: a person or the agents' heuristics play, one episode after another.

var _roster: RLRoster


func _init(roster: RLRoster) -> void:
	_roster = roster


func exchange() -> void:
	if _roster.has_begun():
		_roster.update_state()
	else:
		_roster.begin_all()
	_roster.act_by_themselves()
