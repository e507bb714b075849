class_name RLLocalSession
extends RLSession
## No network: a person or the agents' heuristics play, one episode after another.

var _roster: RLRoster
var _human: bool


func _init(roster: RLRoster, human: bool) -> void:
	_roster = roster
	_human = human


func exchange() -> void:
	if _roster.has_begun():
		_roster.update_state()
	else:
		_roster.begin_all()
	_roster.act_by_themselves(_human)
