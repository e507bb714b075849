extends SeededBug
## Who stands on a block for half a second cannot get down.

const _HIGH_M := 0.5

var _since: Dictionary[TagPlayer, int] = {}
var _held: Dictionary[TagPlayer, Vector3] = {}


func _begin() -> void:
	_since.clear()
	_held.clear()


func _act(_delta: float) -> void:
	for player: TagPlayer in (arena as TagArena).players:
		if _held.has(player):
			player.position = _held[player]
		elif not player.grounded or player.position.y < _HIGH_M:
			_since.erase(player)
		elif not _since.has(player):
			_since[player] = arena.ticks
		elif arena.ticks - _since[player] > RLGameTime.ticks_in(0.5):
			_held[player] = player.position
