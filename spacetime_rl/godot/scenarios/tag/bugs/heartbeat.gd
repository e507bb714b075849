extends SeededBug
## The heartbeat of somebody who is nearly tagged was never loaded.

const _NEAR_M := 3.0

var _heartbeat: AudioStreamPlayer3D


func _act(_delta: float) -> void:
	var tag := arena as TagArena
	for player: TagPlayer in tag.players:
		var rival := tag.nearest_rival(player)
		if player.agent.active and rival != null and rival.position.distance_to(player.position) < _NEAR_M:
			_heartbeat.play()
