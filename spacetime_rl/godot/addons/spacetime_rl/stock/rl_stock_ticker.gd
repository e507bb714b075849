class_name RLStockTicker
extends Node
## Calls a function at every physics tick, at its own place among the nodes of the scene.

var _call: Callable


func _init(to_call: Callable = Callable()) -> void:
	_call = to_call
	name = "RLStockTicker"


func _physics_process(_delta: float) -> void:
	if _call.is_valid():
		_call.call()
