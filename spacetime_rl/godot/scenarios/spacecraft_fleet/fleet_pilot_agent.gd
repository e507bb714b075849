class_name FleetPilotAgent
extends PilotAgent
## Lands a spacecraft among others: the scripted one slides away from who comes too near.

const KEEP_M := 25.0


func _heuristic(action: PackedFloat32Array) -> void:
	super(action)
	var craft := body as Spacecraft
	var zone := arena as FleetZone
	for other: Spacecraft in zone.crafts:
		if other == craft or not other.agent.active:
			continue
		var away := craft.position - other.position
		if away.length() < KEEP_M:
			var side := craft.heading().transposed() * away
			var push := Vector2(side.x, side.z).normalized() * (1.0 - away.length() / KEEP_M) * 2.0
			action[0] = clampf(action[0] + push.x, -1.0, 1.0)
			action[1] = clampf(action[1] + push.y, -1.0, 1.0)
