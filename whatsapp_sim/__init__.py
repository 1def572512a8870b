"""A WhatsApp Cloud API that runs on your own machine: for the demo, for tests, and for trying things out.

It is a simulator and says so in every answer. It speaks as Meta's Graph API does, keeps customers with phones,
and posts signed webhooks; nothing it does reaches WhatsApp. See docs/simulator.md.
"""
