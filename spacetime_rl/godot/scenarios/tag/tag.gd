class_name TagArena
extends RLArena
## One map with its players: who is it, who is tagged, what is paid, and who has won when the round is over.

@export var map: TagMap

var settings: TagParams
var players: Array[TagPlayer] = []

# Not preloaded: the scene needs this script to load.
var _player_scene: PackedScene = load("res://scenarios/tag/player.tscn")
var _layout_rng := RandomNumberGenerator.new()
var _gaps := PackedFloat32Array()
var _tags := 0


func _build() -> void:
	settings = params as TagParams
	map.build(settings)
	var seekers := 0 if settings.shared else settings.seekers
	for i: int in settings.players:
		if settings.shared:
			_add_player(&"player", i)
		elif i < seekers:
			_add_player(&"seeker", i)
		else:
			_add_player(&"hider", i - seekers)
	_gaps.resize(settings.players)
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	_tags = 0
	# Both rounds of a pair are on the map of the first one.
	var first_of_pair := episode - posmod(episode, 2) if settings.swap_roles else episode
	_layout_rng.seed = core.episode_seed(first_of_pair)
	map.lay_out(_layout_rng, settings.blocks)
	_place_players()
	_measure()


func _tick(_delta: float) -> void:
	for it: TagPlayer in players:
		for other: TagPlayer in players:
			if it.is_it and it.agent.active and _can_tag(it, other):
				_tag(it, other)
	if ticks >= max_ticks:
		_finish()


func _end_decision() -> void:
	for i: int in players.size():
		var player := players[i]
		if player.agent.active:
			_pay(player, i)
			player.show_role()


## The nearest player of the other role who still plays; null where there is none.
func nearest_rival(player: TagPlayer) -> TagPlayer:
	var nearest: TagPlayer = null
	var least := INF
	for other: TagPlayer in players:
		if other.agent.active and other.is_it != player.is_it:
			var distance := player.position.distance_squared_to(other.position)
			if distance < least:
				least = distance
				nearest = other
	return nearest


func _add_player(policy: StringName, number: int) -> void:
	var player: TagPlayer = _player_scene.instantiate()
	player.arena = self
	player.agent.policy_name = policy
	player.agent.agent_name = "%s_%d" % [policy, number]
	player.agent.episode_ended.connect(_report.bind(player))
	player.rays.count = settings.rays
	if settings.high_rays > 0:
		player.high_rays.count = settings.high_rays
	else:
		player.high_rays.free()
	if not settings.knows_map:
		player.ways.free()
	players.append(player)
	add_child(player)


func _place_players() -> void:
	var places := _draw_places()
	var yaws := PackedFloat32Array()
	for i: int in places.size():
		yaws.append(_layout_rng.randf_range(-PI, PI))
	# With two policies roles are the players' own, and what changes is where they begin.
	var moved := settings.seekers if settings.swap_roles and posmod(episode, 2) == 1 and not settings.shared else 0
	for i: int in players.size():
		var at := (i + moved) % places.size()
		players[i].stand(places[at], yaws[at], _begins_as_it(i))


# The places of those who are it in the first round come first, and the others keep their distance from them.
func _draw_places() -> PackedVector3Array:
	var places: PackedVector3Array = []
	for i: int in settings.players:
		var best := Vector3.ZERO
		var furthest := -INF
		for attempt: int in TagMap.TRIES:
			var place := map.top_of(map.free_cell(_layout_rng))
			var gap := INF
			for k: int in i:
				# Two of one role need no more than a cell each.
				var enough := settings.start_distance if _is_of_first_role(k) != _is_of_first_role(i) else TagMap.CELL
				gap = minf(gap, place.distance_to(places[k]) / enough)
			if gap > furthest:
				furthest = gap
				best = place
			if gap >= 1.0:
				break
		places.append(best)
	return places


func _is_of_first_role(number: int) -> bool:
	return number < settings.seekers


## With a shared policy the role goes round among the players, from round to round.
func _begins_as_it(number: int) -> bool:
	if not settings.shared:
		return number < settings.seekers
	var first := 0 if settings.start_role == "seeker" else settings.seekers
	if settings.swap_roles:
		first += posmod(episode, settings.players) * settings.seekers
	return posmod(number - first, settings.players) < settings.seekers


func _can_tag(it: TagPlayer, other: TagPlayer) -> bool:
	if other.is_it or not other.agent.active or other.is_immune():
		return false
	var away := other.position - it.position
	return Vector2(away.x, away.z).length() < settings.tag_radius and absf(away.y) < settings.tag_reach


func _tag(it: TagPlayer, other: TagPlayer) -> void:
	_tags += 1
	it.agent.add_reward(&"tag", settings.reward_tag)
	it.agent.add_metric(&"tags", 1.0)
	other.agent.add_reward(&"tagged", settings.reward_tagged)
	other.agent.add_metric(&"tagged", 1.0)
	match settings.on_tag:
		"transfer":
			it.immune_until = ticks + RLGameTime.ticks_in(settings.immunity_s)
			it.become(false)
			other.become(true)
		"first":
			_finish()
		"all":
			_end(other, 0.0)
			other.leave()
			if players.all(func(player: TagPlayer) -> bool: return player.is_it or not player.agent.active):
				_finish()
	_measure()


## The round is over for everybody who still plays.
func _finish() -> void:
	for player: TagPlayer in players:
		if player.agent.active:
			_end(player, _result_of(player))


## 1 for a player who has won, 0.5 for a draw, 0 for one who has lost.
func _result_of(player: TagPlayer) -> float:
	match settings.on_tag:
		"transfer":
			return 0.0 if player.is_it else 1.0
		"first":
			return 1.0 if player.is_it == (_tags > 0) else 0.0
	if not player.is_it:
		return 1.0
	var hiders := settings.players - settings.seekers
	return 0.0 if _tags == 0 else (1.0 if _tags == hiders else 0.5)


func _end(player: TagPlayer, result: float) -> void:
	player.agent.set_metric(&"won", result)
	player.agent.add_reward(&"win", settings.reward_win * (2.0 * result - 1.0))
	player.agent.end(result == 1.0)


func _pay(player: TagPlayer, number: int) -> void:
	var agent := player.agent
	var gap := _gap_of(player)
	var nearer := _gaps[number] - gap
	var distance := settings.reward_distance * gap / (2.0 * map.half_size())
	_gaps[number] = gap
	if player.is_it:
		agent.add_reward(&"time", settings.reward_time)
		agent.add_reward(&"progress", settings.reward_progress * nearer)
		agent.add_reward(&"distance", -distance)
	else:
		agent.add_reward(&"away", -settings.reward_away * nearer)
		agent.add_reward(&"distance", distance)


func _measure() -> void:
	for i: int in players.size():
		_gaps[i] = _gap_of(players[i])


## Metres from the seeker to the hider: straight where nothing is between them, else by the shortest way.
func _gap_of(player: TagPlayer) -> float:
	var rival := nearest_rival(player)
	if rival == null:
		return 0.0
	var straight := player.position.distance_to(rival.position)
	var is_level := absf(player.position.y - rival.position.y) < 0.5
	if is_level and map.paths.is_clear(player.position, rival.position, TagPilot.WIDE):
		return straight
	var way := map.ways_of(player)[map.number_at(player.position)]
	# There is none to the top of a wall, where a game with higher jumps may let somebody stand.
	return maxf(straight, way) if is_finite(way) else straight


func _report(_success: bool, player: TagPlayer) -> void:
	player.agent.set_metric(&"seeker", 1.0 if player.began_as_it else 0.0)
	player.agent.set_metric(&"seconds", RLGameTime.seconds_in(ticks))
