import pkgutil

# What is generated from protos/ may lie in a folder of its own (build-support/run-program).
__path__ = pkgutil.extend_path(__path__, __name__)
