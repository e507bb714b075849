class_name InteractionArena
extends RLArena
## One room with its players and their objective.

@export var room: InteractionRoom

var settings: InteractionParams
var objective: InteractionObjective
var players: Array[InteractionPlayer] = []


func _build() -> void:
	settings = params as InteractionParams
	match settings.objective:
		"cooperate":
			objective = CooperateObjective.new(self)
		"gather":
			objective = GatherObjective.new(self)
		"avoid":
			objective = AvoidObjective.new(self)
	objective.build()
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	room.scatter_screens(rng, settings.screens)
	objective.begin()


func _tick(delta: float) -> void:
	objective.tick(delta)
	if ticks >= max_ticks:
		objective.time_out()


func _end_decision() -> void:
	for player: InteractionPlayer in players:
		if player.agent.active:
			player.decide()
	objective.decide()


func _landmarks() -> Dictionary[StringName, Vector3]:
	return objective.landmarks()


func _landmark_radii() -> Dictionary[StringName, float]:
	return objective.landmark_radii()


## Bring a player of a role into the room; its agent is called <role>_<number>.
func add_player(scene: PackedScene, role: StringName, number: int) -> InteractionPlayer:
	var player: InteractionPlayer = scene.instantiate()
	player.arena = self
	player.agent.policy_name = role
	player.agent.agent_name = "%s_%d" % [role, number]
	players.append(player)
	add_child(player)
	return player


## Stand a player somewhere free, looking anywhere.
func place_player(player: InteractionPlayer) -> void:
	var spot := room.free_spot(rng, InteractionPlayer.BODY_RADIUS)
	player.stand(spot, rng.randf_range(-PI, PI))
