class_name TagAgent
extends RLAgent
## Plays tag. Scripted: a seeker takes the shortest way to a player, and a hider flees to where it is first.

var _chase: TagChase
var _flight: TagFlight


func _heuristic(action: PackedFloat32Array) -> void:
	var player := body as TagPlayer
	if _flight == null:
		_chase = TagChase.new(player.arena.map)
		_flight = TagFlight.new(player.arena.map)
	if decisions == 0:
		_chase.forget()
		_flight.forget()
	if player.is_it:
		TagPilot.chase(player, _chase, action)
	else:
		TagPilot.flee(player, _flight, action)


func _human(action: PackedFloat32Array) -> void:
	var walk := RLHuman.left_stick()
	action[0] = walk.x
	action[1] = walk.y
	action[2] = RLHuman.right_stick().x
	action[3] = 1.0 if RLHuman.button(0) else 0.0


func _purpose() -> String:
	var player := body as TagPlayer
	var ends := player.arena.settings.on_tag
	if player.is_it:
		return "You are it: %s." % ("tag somebody else" if ends == "transfer" else "tag the others")
	return "Let nobody who is it (red) come near you until the time is up."


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
		"space, pad A: jump",
	]


func _readout() -> PackedStringArray:
	var player := body as TagPlayer
	var rival := player.arena.nearest_rival(player)
	var left := RLGameTime.seconds_in(player.arena.max_ticks - player.arena.ticks)
	var lines: PackedStringArray = ["time left: %.1f s" % left]
	if rival != null:
		lines.append("%s is %.1f m away" % [rival.agent.agent_name, player.position.distance_to(rival.position)])
	if player.is_immune():
		lines.append("nobody can tag you for now")
	return lines
